"""Fixtures of the live project and of the library that the template's tests use too."""

from library.tests.conftest import toy_bundle, toy_directory
from tests.conftest import contract, month

__all__ = ["contract", "month", "toy_bundle", "toy_directory"]
