"""The split of the rows: which train, which validate, which test."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import polars as pl

if TYPE_CHECKING:
    from merge_lane.data.columns import Schema
    from merge_lane.settings import Split

PART, MONTH = "_part", "_month"  # unlike any column of a table that people bring
TRAIN, VALIDATION, TEST = "train", "validation", "test"
SHARES = ((TRAIN, 0.7), (VALIDATION, 0.8), (TEST, 1.0))
"""The parts of a table without time, each with the upper end of its share."""


def part(rows: pl.DataFrame, schema: Schema, split: Split) -> pl.Series:
    """Return the part of each row: later months test; the last days of each training month validate."""
    if schema.time is None:
        return pl.Series([_assigned(row) for row in rows.select(c.name for c in schema.request).iter_rows()])
    day = pl.col(schema.time.name)
    last_days = day.dt.month_end().dt.day() - day.dt.day() < split.validation_days
    early = pl.when(last_days).then(pl.lit(VALIDATION)).otherwise(pl.lit(TRAIN))
    chosen = pl.when(pl.col(MONTH) >= split.test_from).then(pl.lit(TEST)).otherwise(early)
    return rows.select(chosen).to_series()


def _assigned(row: tuple[object, ...]) -> str:
    """Assign a row of a table without time to a part by its hash: a row never changes its part."""
    share = int(hashlib.sha256(repr(row).encode()).hexdigest()[:8], 16) / 16**8
    return next(name for name, upper in SHARES if share < upper)
