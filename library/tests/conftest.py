"""Fixtures that several rooms share."""

import os
from pathlib import Path

import pytest
import toy

from merge_lane.data import schema
from merge_lane.model import bundle
from merge_lane.project import PACKAGE_VARIABLE

HERE = Path(__file__).parent


def pytest_runtest_setup():
    """Let each test of the library, and each process that it starts, see the toy as its project."""
    os.environ[PACKAGE_VARIABLE] = "toy_package"
    os.environ["PYTHONPATH"] = str(HERE)


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


@pytest.fixture(scope="session")
def contract():
    """The toy's contract as plain values, read from its contract.py."""
    from toy_package.contract import Contract

    return schema.read(Contract)
