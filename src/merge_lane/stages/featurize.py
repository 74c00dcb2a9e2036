"""featurize: all months -> labelled rows with what was known at each decision, and their part."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from merge_lane import features, tables
from merge_lane.columns import Arrays, Role, Schema
from merge_lane.errors import ContractError, LeakError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from merge_lane.settings import Split

PART, MONTH = "part", "month"
TRAIN, VALIDATION, TEST = "train", "validation", "test"


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
    return raw.with_columns(*(pl.Series(name, _nullable(computed[name])) for name in derived))


def _nullable(values: object) -> pl.Series:
    return pl.Series(values).fill_nan(None)


def part(rows: pl.DataFrame, schema: Schema, split: Split) -> pl.Expr:
    """Return the part of each row: later months test; the last days of each training month validate."""
    test = pl.col(MONTH) >= split.test_from
    if schema.time is None:
        return by_hash(rows, schema)
    day = pl.col(schema.time.name)
    last_days = day.dt.month_end().dt.day() - day.dt.day() < split.validation_days
    return pl.when(test).then(pl.lit(TEST)).when(last_days).then(pl.lit(VALIDATION)).otherwise(pl.lit(TRAIN))


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


def by_hash(rows: pl.DataFrame, schema: Schema) -> pl.Expr:
    """Split a table without time by a hash of its request columns: 70 % train, 10 % validation, 20 % test."""
    import hashlib

    names = [c.name for c in schema.request]
    text = rows.select(
        pl.concat_str([pl.col(n).cast(pl.String).fill_null("") for n in names], separator="\x1f")
    )
    shares = [
        int(hashlib.sha256(str(value).encode()).hexdigest()[:8], 16) / 16**8 for value in text.to_series()
    ]
    share = pl.Series(shares)
    names_of = ["train", "validation", "test"]
    cuts = pl.Series([names_of[(value >= 0.7) + (value >= 0.8)] for value in share])  # noqa: PLR2004 - 70/10/20
    return pl.lit(cuts)


def months_of(names: Sequence[str], folder: Path) -> dict[str, Path]:
    """Return the raw file of each month."""
    return {name: folder / f"{name}.parquet" for name in names}
