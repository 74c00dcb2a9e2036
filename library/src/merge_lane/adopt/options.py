"""Check the columns and the value that a person names on the command line."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import polars as pl

from merge_lane.errors import AdoptError

if TYPE_CHECKING:
    from collections.abc import Collection

    from merge_lane.adopt.survey import Profile, Survey

COUNTED_ROWS = 5_000_000
"""Keys of more rows do not fit the memory: a sample is checked here, and `validate` checks each month."""


def check(survey: Survey, target: str, time: str | None, keys: Collection[str]) -> None:
    """Raise AdoptError for a name that is no column, has two purposes, or cannot serve its one."""
    names = [name for name in (target, time, *keys) if name is not None]
    for name in names:
        if name not in survey.columns:
            raise AdoptError(
                f"The table has no column {name}.",
                where="--target, --time, --key",
                next=f"choose from {', '.join(survey.columns)}",
            )
        if names.count(name) > 1:
            raise AdoptError(
                f"The column {name} is named for two purposes.",
                where="--target, --time, --key",
                next="name it once: what is predicted cannot identify a row or order it in time",
            )
    if time is not None:
        _check_time(survey.columns[time])
    if keys:
        _check_keys(survey, keys)


def _check_time(column: Profile) -> None:
    if column.dtype != "datetime":
        raise AdoptError(
            f"The time column {column.name} holds no times ({column.dtype}).",
            where=f"column {column.name}",
            next="write times as 2024-05-31 or 2024-05-31 13:45:00",
        )
    if column.missing:
        raise AdoptError(
            f"{column.missing:,} rows have no time.",
            where=f"column {column.name}",
            next="fill or remove those rows: a row without a time belongs to no month",
        )


def _check_keys(survey: Survey, keys: Collection[str]) -> None:
    """Raise AdoptError where the keys are missing or do not identify a row, as the contract will claim."""
    joined = ", ".join(keys)
    for name in keys:
        if survey.columns[name].missing:
            raise AdoptError(
                f"{survey.columns[name].missing:,} rows have no {name}, which must identify them.",
                where=f"--key {name}",
                next="fill or remove those rows, or leave --key out",
            )
    rows = survey.typed if survey.rows <= COUNTED_ROWS else survey.sample.lazy()
    values = rows.select(pl.col(name).alias(f"key {number}") for number, name in enumerate(keys))
    groups = values.group_by(pl.all()).len("rows").filter(pl.col("rows") > 1)
    repeated = groups.sort("rows", descending=True).head(1).collect(engine="streaming")
    if repeated.height:
        *shared, count = repeated.row(0)
        raise AdoptError(
            f"{count:,} rows share the key {joined} = {', '.join(map(str, shared))}.",
            where=f"--key {joined}",
            next="name all columns that together tell rows apart, or leave --key out",
        )


def positive(target: Profile, task: str, value: str) -> Any:
    """Return the value of a binary target that is written as `value`. Raises AdoptError if it has none."""
    values = {str(one).lower(): one for one in target.values or ()}
    if task != "binary" or value.lower() not in values:
        actual = ", ".join(map(str, target.values or ())) if task == "binary" else f"more: the task is {task}"
        raise AdoptError(
            f"The target {target.name} has no two values of which {value} is one.",
            where=f"--positive; the column holds {actual}",
            next="name one of the two values" if task == "binary" else "leave --positive out",
        )
    return values[value.lower()]
