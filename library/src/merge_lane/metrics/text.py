"""Figures as text: one way to write a number and an interval in every report."""

from __future__ import annotations


def number(value: float | None, pattern: str = ".4f", missing: str = "-") -> str:
    """Return a number by a format such as `.4f`, or `missing` where it is None."""
    return missing if value is None else format(value, pattern)


def interval(low: float | None, high: float | None, pattern: str = ".4f", missing: str = "-") -> str:
    """Return `[low, high]`, or `missing` where either end is None."""
    if low is None or high is None:
        return missing
    return f"[{low:{pattern}}, {high:{pattern}}]"
