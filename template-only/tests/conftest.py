"""Fixtures of the live project and of the library that the template's tests use too."""

import os

from library.tests.conftest import toy_bundle, toy_directory
from merge_lane.project import PACKAGE_VARIABLE
from tests.conftest import contract, month

__all__ = ["contract", "month", "toy_bundle", "toy_directory"]


def pytest_runtest_setup():
    """Let each test start from what the files say, not from what a test of the library set."""
    for name in (PACKAGE_VARIABLE, "PYTHONPATH"):
        os.environ.pop(name, None)
