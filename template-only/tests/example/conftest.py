"""The live project, for commands that run in a folder of their own."""

import os

import pytest
from merge_lane.project import PACKAGE_VARIABLE


@pytest.hookimpl(trylast=True)
def pytest_runtest_setup():
    """Name the package where no pyproject.toml does."""
    os.environ[PACKAGE_VARIABLE] = "flight_board"
