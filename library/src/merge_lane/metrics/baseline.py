"""What a model must beat: the base rate, and a table of rates by group. Both see training rows only."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import polars as pl

SMOOTHING_ROWS = 20.0
"""A group's rate is drawn towards the base rate as if it had this many more rows of it."""


def targets(labels: np.ndarray, classes: int) -> np.ndarray:
    """Return the values to average: the label itself (n, 1), or one column a class (n, classes)."""
    column = labels[:, None]
    return np.asarray(column == np.arange(classes) if classes else column, dtype=np.float64)


def base_rate(labels: np.ndarray, rows: int, classes: int) -> np.ndarray:
    """Return the mean of the training labels for each of `rows` rows: (rows,), or (rows, classes)."""
    mean = targets(labels, classes).mean(axis=0)
    return _shaped(np.tile(mean, (rows, 1)))


def rate_table(known: pl.DataFrame, labels: np.ndarray, rows: pl.DataFrame, classes: int) -> np.ndarray:
    """Return the smoothed mean label of the group of each of `rows`: (rows,), or (rows, classes).

    `known` and `rows` have the same group columns, of text; an unknown group gets the base rate.
    """
    values = targets(labels, classes)
    mean = values.mean(axis=0)
    code: dict[tuple[str, ...], int] = {}
    codes = np.array([code.setdefault(key, len(code)) for key in known.iter_rows()])
    counts = np.bincount(codes, minlength=len(code))[:, None]
    sums = np.column_stack([np.bincount(codes, weights=column, minlength=len(code)) for column in values.T])
    rates = np.vstack([(sums + SMOOTHING_ROWS * mean) / (counts + SMOOTHING_ROWS), mean])
    return _shaped(rates[[code.get(key, len(code)) for key in rows.iter_rows()]])


def _shaped(values: np.ndarray) -> np.ndarray:
    return values[:, 0] if values.shape[1] == 1 else values
