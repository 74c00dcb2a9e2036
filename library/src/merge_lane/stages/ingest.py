"""ingest: one month from its source into data/raw, typed by the contract, in a fixed order."""

from __future__ import annotations

from typing import TYPE_CHECKING

from merge_lane import project
from merge_lane.data import tables
from merge_lane.data.columns import Role
from merge_lane.errors import SourceError

if TYPE_CHECKING:
    from pathlib import Path

    import polars as pl

    from merge_lane.data.columns import Schema


def ingest(origin: str, month: str, schema: Schema, target: Path) -> pl.DataFrame:
    """Read `month` from `origin` (a source's name or a path pattern) and write it to `target` as Parquet.

    Returns the rows. Types are cast where nothing is lost; what does not fit stays as it is, and
    `validate` reports it. Raises SourceError if the month is not available, WriteError if writing fails.
    """
    read = project.source().read(origin, month)
    if read.is_empty():
        raise SourceError(
            f"The source has no rows for {month}.",
            where=f"params.yaml, data.source {origin}",
            next=f"put the rows there, or remove {month} from data.months",
        )
    rows = arrange(tables.cast(read, schema.raw), schema)
    tables.write(rows, target)
    return rows


def arrange(rows: pl.DataFrame, schema: Schema) -> pl.DataFrame:
    """Sort by time, then by every other key and feature: the same rows are always the same file."""
    order = [
        c.name for c in (*schema.having(Role.TIME), *schema.having(Role.KEY), *schema.having(Role.FEATURE))
    ]
    return rows.sort([name for name in order if name in rows.columns], nulls_last=True, maintain_order=True)
