"""featurize: all months -> labelled rows with what was known at each decision, and their part."""

from __future__ import annotations

import hashlib
import re
from typing import TYPE_CHECKING

import polars as pl

from merge_lane import features, tables
from merge_lane.columns import Arrays, Role, Schema
from merge_lane.errors import ContractError, LeakError, SourceError

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable
    from pathlib import Path

    from merge_lane.settings import Split

MONTH_NAME = re.compile(r"\d{4}-\d{2}")
PART, MONTH = "_part", "_month"  # unlike any column of a table that people bring
TRAIN, VALIDATION, TEST = "train", "validation", "test"
DEALT = ((TRAIN, 0.7), (VALIDATION, 0.8), (TEST, 1.0))
"""Upper ends of the shares that the parts of a table without time get."""


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
    found = [path for folder in folders if folder.is_dir() for path in folder.iterdir()]
    return sorted(path for path in found if MONTH_NAME.fullmatch(path.stem) and path.stem not in months)


def refuse_leftovers(months: Collection[str], folders: Iterable[Path]) -> None:
    """Raise SourceError for files of other months: DVC hashes whole folders, so they would count."""
    found = leftovers(months, folders)
    if found:
        raise SourceError(
            f"{len(found)} file(s) belong to months that params.yaml does not name.",
            where=", ".join(str(path) for path in found[:5]),
            next="merge-lane prune, then dvc repro (make reproduce does both)",
        )


def with_history(raw: pl.DataFrame, schema: Schema) -> pl.DataFrame:
    """Add the contract's derived columns, computed from all rows, unlabelled ones too."""
    derived = [c.name for c in schema if c.derived]
    if not derived:
        return raw
    computed = features.history(tables.to_arrays(raw, [c.name for c in schema.raw]))
    if sorted(computed) != sorted(derived):
        raise ContractError(
            f"features.history returns {sorted(computed)}, the contract derives {sorted(derived)}.",
            where="features.py and contract.py",
            next="name the same columns in both",
        )
    return raw.with_columns(*(pl.Series(name, computed[name]).fill_nan(None) for name in derived))


def part(rows: pl.DataFrame, schema: Schema, split: Split) -> pl.Series:
    """Return the part of each row: later months test; the last days of each training month validate."""
    if schema.time is None:
        return pl.Series([_dealt(row) for row in rows.select(c.name for c in schema.request).iter_rows()])
    day = pl.col(schema.time.name)
    last_days = day.dt.month_end().dt.day() - day.dt.day() < split.validation_days
    early = pl.when(last_days).then(pl.lit(VALIDATION)).otherwise(pl.lit(TRAIN))
    chosen = pl.when(pl.col(MONTH) >= split.test_from).then(pl.lit(TEST)).otherwise(early)
    return rows.select(chosen).to_series()


def _dealt(row: tuple[object, ...]) -> str:
    """Deal a row of a table without time by the hash of its values, so that a row never changes its part."""
    share = int(hashlib.sha256(repr(row).encode()).hexdigest()[:8], 16) / 16**8
    return next(name for name, upper in DEALT if share < upper)


def model_features(rows: pl.DataFrame, schema: Schema) -> Arrays:
    """Build the model's features from the request columns. Raises LeakError if `build` asks for more."""
    arrays = tables.to_arrays(rows, [c.name for c in schema.request])
    return build(arrays, schema)


def build(arrays: Arrays, schema: Schema) -> Arrays:
    """Run `features.build` on what is known at the decision and nothing else."""
    try:
        return features.build(arrays)
    except KeyError as error:
        name = str(error.args[0])
        known = {c.name: c for c in schema}
        if name not in known:
            raise ContractError(
                f"features.build asks for {name}, which is no column of the contract.",
                where="features.py",
                next="add it to contract.py, or mend the name",
            ) from error
        raise LeakError(
            f"features.build asks for {name}: {_why(known[name].role, known[name].known)}.",
            where=f"features.py, column {name}",
            next="build features only from columns that are known at the decision",
        ) from error


def _why(role: Role, known: str) -> str:
    return f"it is {'the label' if role is Role.LABEL else role.value}, known {known.replace('_', ' ')}"
