"""Merge Lane: machine learning by pull request, deployed by merging."""
