"""Fixtures that several rooms share."""

import pytest
import toy

from merge_lane.model import bundle


@pytest.fixture(scope="session")
def toy_directory(tmp_path_factory):
    """The bundle of a small binary model. Read only: copy it before changing anything."""
    directory = tmp_path_factory.mktemp("toy") / "models"
    toy.export(directory)
    return directory


@pytest.fixture(scope="session")
def toy_bundle(toy_directory):
    """That bundle, loaded."""
    return bundle.load(toy_directory, build=toy.build)
