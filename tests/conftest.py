"""Fixtures that several rooms share."""

from pathlib import Path

import pytest
import toy

from merge_lane import bundle, settings

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="session")
def toy_directory(tmp_path_factory):
    """The bundle of a small binary model. Read only: copy it before changing anything."""
    directory = tmp_path_factory.mktemp("toy") / "models"
    toy.export(directory)
    return directory


@pytest.fixture(scope="session")
def toy_bundle(toy_directory):
    return bundle.load(toy_directory, build=toy.build)


@pytest.fixture(scope="session")
def contract():
    """The contract of the repository as plain values."""
    from merge_lane import schema
    from merge_lane.contract import Contract

    return schema.read(Contract)


@pytest.fixture(scope="session")
def month(contract, tmp_path_factory):
    """Read one real month through `ingest`: month("2013-01") is its raw rows. Each month is read once."""
    from functools import cache

    from merge_lane.stages.ingest import ingest

    folder = tmp_path_factory.mktemp("raw")

    @cache
    def read(name):
        source = settings.load(ROOT / "params.yaml").data.source
        return ingest(source, name, contract, folder / f"{name}.parquet")

    return read
