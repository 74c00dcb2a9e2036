"""Fixtures that the tests of the project share: its contract and its raw months."""

import os
from functools import cache
from pathlib import Path

import pytest
from merge_lane import settings
from merge_lane.data import schema
from merge_lane.project import PACKAGE_VARIABLE

from flight_board.contract import Contract

ROOT = Path(__file__).parents[1]


def pytest_runtest_setup():
    """Name the package for commands that run in a folder of their own."""
    os.environ[PACKAGE_VARIABLE] = "flight_board"


@pytest.fixture(scope="session")
def contract():
    """The contract as plain values."""
    return schema.read(Contract)


@pytest.fixture(scope="session")
def month(contract, tmp_path_factory):
    """Read one real month through `ingest`: month("2013-01") is its raw rows. Each month is read once."""
    from merge_lane.stages.ingest import ingest

    folder = tmp_path_factory.mktemp("raw")

    @cache
    def read(name):
        source = settings.load(ROOT / "params.yaml").data.source
        return ingest(source, name, contract, folder / f"{name}.parquet")

    return read
