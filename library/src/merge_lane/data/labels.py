"""The label of each row as a number, and the names of the classes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

if TYPE_CHECKING:
    import numpy as np

    from merge_lane.data.columns import Schema

SCORE = "_score"
"""Names the column of the model's scores, unlike any column of a table that people bring."""


def class_names(rows: pl.DataFrame, schema: Schema, task: str) -> list[str]:
    """Return the classes in code order for multiclass, else nothing."""
    if task != "multiclass":
        return []
    return sorted(rows[schema.label.name].cast(pl.String).unique().drop_nulls().to_list())


def labels(rows: pl.DataFrame, schema: Schema, classes: list[str]) -> np.ndarray:
    """Return the labels as float64: 0/1, the class's code, or the value itself."""
    values = rows[schema.label.name]
    if classes:
        codes = {name: float(code) for code, name in enumerate(classes)}
        return values.cast(pl.String).replace_strict(codes, default=None, return_dtype=pl.Float64).to_numpy()
    return values.cast(pl.Float64).to_numpy()
