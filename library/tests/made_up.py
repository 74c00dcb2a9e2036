"""Rows of any contract, made up: what fits its types, limits and allowed values, and nothing that is real."""

from __future__ import annotations

import numpy as np

MISSING_SHARE = 0.1
MINUTES = 60 * 24 * 300


def arrays(columns, rows, seed=5):
    """Return an array of each column as features.py gets it; a nullable one has gaps."""
    random = np.random.default_rng(seed)
    return {column.name: _gaps(column, _values(column, rows, random), random) for column in columns}


def _values(column, rows, random):
    if column.allowed:
        return random.choice(np.array(column.allowed, dtype=object), rows)
    if column.dtype == "str":
        return np.full(rows, column.example, dtype=object)
    if column.dtype == "datetime":
        start = np.datetime64(column.example or "2013-01-01", "us")
        return start + random.integers(0, MINUTES, rows) * np.timedelta64(60, "s")
    if column.dtype == "bool":
        return random.integers(0, 2, rows).astype(np.float64)
    low = 0 if column.minimum is None else column.minimum
    high = low + 100 if column.maximum is None else column.maximum
    values = random.uniform(low, high, rows)
    return values if column.dtype == "float" else values.round()


def _gaps(column, values, random):
    if not column.nullable:
        return values
    missing = random.random(len(values)) < MISSING_SHARE
    if values.dtype == object:
        values[missing] = None
    else:
        values[missing] = "NaT" if values.dtype.kind == "M" else np.nan
    return values
