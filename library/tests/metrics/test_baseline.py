"""The baselines are means of training labels: of all rows, and of each group drawn towards it."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from merge_lane.metrics.baseline import SMOOTHING_ROWS, base_rate, rate_table

LABELS = np.array([1.0] * 30 + [0.0] * 70)
GROUPS = pl.DataFrame({"courier": ["UA"] * 40 + ["B6"] * 60, "hour": ["5"] * 100})


def test_base_rate():
    """The base rate is the mean label for every row."""
    np.testing.assert_array_equal(base_rate(LABELS, 3, 0), [0.3, 0.3, 0.3])


def test_base_rate_of_classes():
    """The base rate of classes is their shares."""
    np.testing.assert_allclose(base_rate(np.array([0.0, 1.0, 1.0, 2.0]), 2, 3), [[0.25, 0.5, 0.25]] * 2)


def test_rate_table():
    """A group gets its rate drawn towards the base rate."""
    asked = pl.DataFrame({"courier": ["UA", "B6"], "hour": ["5", "5"]})
    expected = [
        (30 + SMOOTHING_ROWS * 0.3) / (40 + SMOOTHING_ROWS),
        SMOOTHING_ROWS * 0.3 / (60 + SMOOTHING_ROWS),
    ]
    np.testing.assert_allclose(rate_table(GROUPS, LABELS, asked, 0), expected)


def test_unknown_group():
    """A group never seen gets the base rate."""
    asked = pl.DataFrame({"courier": ["ZZ", "UA"], "hour": ["5", "23"]})
    np.testing.assert_allclose(rate_table(GROUPS, LABELS, asked, 0), [0.3, 0.3])


@pytest.mark.parametrize("rows", [1, 2])
def test_classes(rows):
    """The rates of classes add up to one."""
    codes = np.array([0.0, 1.0, 2.0, 1.0])
    known = pl.DataFrame({"g": ["a", "a", "b", "b"]})
    rates = rate_table(known, codes, pl.DataFrame({"g": ["a", "c"][:rows]}), 3)
    assert rates.shape == (rows, 3)
    np.testing.assert_allclose(rates.sum(axis=1), 1)
