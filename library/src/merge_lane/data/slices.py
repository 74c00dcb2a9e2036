"""Groups of rows: by a column of the contract, or by the month, weekday or hour of the time column."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import polars as pl

from merge_lane.data.split import MONTH
from merge_lane.errors import ParamsError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from merge_lane.data.columns import Schema

SLICE = "_slice:"
"""Begins the name of a group's column, unlike any column of a table that people bring."""

QUANTILE_GROUPS = 5
MANY_VALUES = 50


def add(rows: pl.DataFrame, names: Sequence[str], schema: Schema) -> pl.DataFrame:
    """Return `rows` with one text column `_slice:NAME` for each name. Raises ParamsError for unknown ones."""
    return rows.with_columns(group(rows, name, schema).alias(f"{SLICE}{name}") for name in names)


def group(rows: pl.DataFrame, name: str, schema: Schema) -> pl.Series:
    """Return the group of each row as text, `(missing)` where there is none."""
    if name in [c.name for c in schema.request]:
        return _text(rows[name])
    derived = _of_time(schema).get(name)
    if derived is None:
        choice = ", ".join([*(c.name for c in schema.request), *_of_time(schema)])
        raise ParamsError(
            f"There is no column {name} to group by.",
            where="params.yaml, evaluate.slices and evaluate.rate_table",
            next=f"choose from {choice}",
        )
    return rows.select(derived.cast(pl.String)).to_series()


def order(value: str) -> tuple[int, float, str]:
    """Return the sort key of a group: numbers by size (5 before 10), then texts by name."""
    try:
        number = float(value)
    except ValueError:
        number = math.nan
    return (1, 0.0, value) if math.isnan(number) else (0, number, value)


def _of_time(schema: Schema) -> dict[str, pl.Expr]:
    if schema.time is None:
        return {}
    time = pl.col(schema.time.name)
    return {"month": pl.col(MONTH), "weekday": time.dt.weekday(), "hour": time.dt.hour()}


def _text(values: pl.Series) -> pl.Series:
    """Return values as text; numbers with many values become ranges of about equal count."""
    if values.dtype.is_numeric() and values.n_unique() > MANY_VALUES:
        shares = [share / QUANTILE_GROUPS for share in range(1, QUANTILE_GROUPS)]
        cuts = sorted({float(cut) for share in shares if (cut := values.quantile(share)) is not None})
        values = values.cut(cuts)
    return values.cast(pl.String).fill_null("(missing)")
