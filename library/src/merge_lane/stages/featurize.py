"""featurize: all months -> labelled rows with what was known at each decision, and their part."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import polars as pl

from merge_lane.data import tables
from merge_lane.data.split import MONTH, PART, part
from merge_lane.errors import SourceError
from merge_lane.model.inputs import with_history

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable
    from pathlib import Path

    from merge_lane.data.columns import Schema
    from merge_lane.settings import Split

MONTH_NAME = re.compile(r"\d{4}-\d{2}")


def featurize(months: dict[str, Path], schema: Schema, split: Split, target: Path) -> pl.DataFrame:
    """Write the labelled rows of all months with their history and their part (train, validation, test).

    `months` maps each month to its raw Parquet file. Returns what was written: the request columns of the
    contract, the label, `month` and `part`, ordered by time.
    """
    raw = pl.concat(
        [tables.read(path).with_columns(pl.lit(month).alias(MONTH)) for month, path in months.items()]
    )
    rows = with_history(raw, schema)
    keep = [c.name for c in schema.request] + [schema.label.name, MONTH]
    labelled = rows.filter(pl.col(schema.label.name).is_not_null()).select(keep)
    parted = labelled.with_columns(part(labelled, schema, split).alias(PART))
    tables.write(parted, target)
    return parted


def leftovers(months: Collection[str], folders: Iterable[Path]) -> list[Path]:
    """Return the files of months that are not among `months`, in order."""
    files = [path for folder in folders if folder.is_dir() for path in folder.iterdir()]
    return sorted(path for path in files if MONTH_NAME.fullmatch(path.stem) and path.stem not in months)


def refuse_leftovers(months: Collection[str], folders: Iterable[Path]) -> None:
    """Raise SourceError for files of other months: DVC hashes whole folders, so they would count."""
    files = leftovers(months, folders)
    if files:
        raise SourceError(
            f"{len(files)} file(s) belong to months that params.yaml does not name.",
            where=", ".join(str(path) for path in files[:5]),
            next="merge-lane prune, then dvc repro (make reproduce does both)",
        )
