"""Plain values of one column (of a request, or of a JSON file) as the array that features are built from."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from merge_lane.data.columns import Arrays, Column, Schema


KINDS: dict[str, Any] = {"str": object, "datetime": "datetime64[us]"}
"""NumPy's types; all others are float64: numbers, and truth values as 0, 1 or NaN."""


def array(column: Column, values: Sequence[Any]) -> np.ndarray:
    """Return the values as `columns.Arrays` describes: None is missing, a time is a datetime or ISO text."""
    return np.array(values, dtype=KINDS.get(column.dtype, np.float64))


def example(schema: Schema) -> dict[str, Any] | None:
    """Return a request row made of the contract's examples; None where a required column has no example."""
    row = {column.name: column.example for column in schema.request}
    if any(row[column.name] is None and not column.nullable for column in schema.request):
        return None
    return row


def arrays(schema: Schema, rows: Sequence[dict[str, Any]]) -> Arrays:
    """Return request rows (plain values by name; a column left out is missing) as columns."""
    return {column.name: array(column, [row.get(column.name) for row in rows]) for column in schema.request}
