"""Merge Lane: machine learning by pull request, deployed by merging."""

__version__ = "0.1.0"
