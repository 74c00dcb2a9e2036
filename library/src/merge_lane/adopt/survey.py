"""Profile a table in streaming passes over its file: type, range, values and gaps of each column."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import polars as pl

from merge_lane.adopt import table
from merge_lane.errors import AdoptError

if TYPE_CHECKING:
    from pathlib import Path

MIN_ROWS = 50
PROBE_ROWS = 2_000
"""Rows from which a type is guessed; the whole file then confirms or refutes it."""

SAMPLE_ROWS = 50_000
LISTED_VALUES = 50
TIME_FORMATS = (
    "%Y-%m-%d",
    "%Y-%m-%d %H:%M:%S%.f",
    "%Y-%m-%dT%H:%M:%S%.f",
    "%Y-%m-%dT%H:%M:%S%.fZ",
    "%Y-%m-%d %H:%M",
    "%Y/%m/%d",
    "%d.%m.%Y",
    "%d/%m/%Y",
    "%m/%d/%Y",
)
LARGEST = 3e38
"""A model computes with 32 bits: from here on a number is infinite."""

TRUE, FALSE = ("true", "t"), ("false", "f")
LEADING_ZERO = r"^0\d"
"""A code (a postcode, say), not a number."""


@dataclass(frozen=True)
class Profile:
    """One column: its type (int, float, str, bool, datetime) and the values in it."""

    name: str
    dtype: str
    rows: int
    missing: int
    distinct: int
    minimum: Any = None
    maximum: Any = None
    values: tuple[Any, ...] | None = None
    """The distinct values with their counts, most frequent first, where there are few."""
    counts: tuple[int, ...] = ()


@dataclass(frozen=True)
class Survey:
    """The whole table: its columns, its rows, and a sample of them, typed, spread evenly over the file."""

    columns: dict[str, Profile]
    rows: int
    sample: pl.DataFrame
    typed: pl.LazyFrame
    notes: tuple[str, ...] = ()


def survey(path: Path) -> Survey:
    """Profile every row of the table in `path`. Raises AdoptError where it is no table, or too small."""
    try:
        return _survey(path)
    except pl.exceptions.PolarsError as error:
        raise AdoptError(
            f"The file cannot be read as a table: {str(error).splitlines()[0]}",
            where=str(path),
            next="export it again: a value with a quote or line break is quoted, and the quote is doubled",
        ) from error


def _survey(path: Path) -> Survey:
    opened = table.scan(path)
    raw = opened.rows
    probe = raw.head(PROBE_ROWS).collect()
    rows = int(raw.select(pl.len()).collect(engine="streaming").item())
    if rows < MIN_ROWS:
        raise AdoptError(
            f"The table has {rows} rows; a model needs at least {MIN_ROWS}.",
            where=str(path),
            next="bring more rows",
        )
    reads = {name: _read(raw, probe[name]) for name in probe.columns}
    typed = raw.select(expression.alias(name) for name, (_, expression) in reads.items())
    figures = typed.select(_figures(name, dtype) for name, (dtype, _) in reads.items()).collect(
        engine="streaming"
    )
    columns = {name: _profile(name, dtype, figures[name].item(), typed) for name, (dtype, _) in reads.items()}
    return Survey(columns, rows, _sample(typed, rows), typed, opened.notes)


def _read(raw: pl.LazyFrame, probe: pl.Series) -> tuple[str, pl.Expr]:
    """Return the type of a column and the expression that reads it, true for every row of the file."""
    if probe.dtype != pl.String:
        return _native(raw, probe)
    for dtype, expression in _candidates(probe):
        column = pl.col(probe.name)
        lost = (
            raw.select((expression.is_null() & column.is_not_null()).any()).collect(engine="streaming").item()
        )
        if not lost:
            return dtype, expression
    return "str", pl.col(probe.name)


def _native(raw: pl.LazyFrame, probe: pl.Series) -> tuple[str, pl.Expr]:
    """Return how a column that has a type is read; a number that no model can hold counts as missing."""
    column, kind = pl.col(probe.name), probe.dtype
    if kind == pl.Boolean:
        return "bool", column
    if kind.is_integer() and not _overflows(raw, column):
        return "int", column.cast(pl.Int64)
    if kind.is_numeric():
        number = column.cast(pl.Float64)
        return "float", _in_range(number)
    if kind in (pl.Date, pl.Datetime):
        naive = column.dt.replace_time_zone(None) if getattr(kind, "time_zone", None) else column
        return "datetime", naive.cast(pl.Datetime("us"))
    return "str", column.cast(pl.String)


def _overflows(raw: pl.LazyFrame, column: pl.Expr) -> bool:
    """Return True where a whole number does not fit 64 bits with a sign."""
    lost = column.cast(pl.Int64, strict=False).is_null() & column.is_not_null()
    return bool(raw.select(lost.any()).collect(engine="streaming").item())


def _candidates(probe: pl.Series) -> list[tuple[str, pl.Expr]]:
    """Return the types that fit the first rows, the narrowest first."""
    column = pl.col(probe.name).str.strip_chars()
    lower = column.str.to_lowercase()
    truth = (
        pl.when(lower.is_in(TRUE)).then(pl.lit(value=True)).when(lower.is_in(FALSE)).then(pl.lit(value=False))
    )
    number = pl.when(~column.str.contains(LEADING_ZERO)).then(column)
    tries: list[tuple[str, pl.Expr]] = [
        ("bool", truth),
        ("int", number.cast(pl.Int64, strict=False)),
        ("float", _finite(column)),
        *(("datetime", column.str.to_datetime(form, strict=False, time_unit="us")) for form in TIME_FORMATS),
    ]
    present = probe.drop_nulls()
    if present.is_empty():
        return []
    return [
        (dtype, read) for dtype, read in tries if not present.to_frame().select(read).to_series().null_count()
    ]


def _finite(column: pl.Expr) -> pl.Expr:
    number = pl.when(~column.str.contains(LEADING_ZERO + r"+$")).then(column).cast(pl.Float64, strict=False)
    return _in_range(number)


def _in_range(number: pl.Expr) -> pl.Expr:
    return pl.when(number.is_finite() & (number.abs() < LARGEST)).then(number)


def _figures(name: str, dtype: str) -> pl.Expr:
    column = pl.col(name)
    figures = [
        pl.len().alias("rows"),
        column.null_count().alias("missing"),
        column.approx_n_unique().alias("distinct"),
    ]
    if dtype in ("int", "float", "datetime"):
        number = column if dtype != "datetime" else column.dt.epoch("us")
        figures += [number.min().alias("minimum"), number.max().alias("maximum")]
    return pl.struct(figures).alias(name)


def _profile(name: str, dtype: str, figures: dict[str, Any], typed: pl.LazyFrame) -> Profile:
    distinct = int(figures["distinct"])
    values: tuple[Any, ...] | None = None
    counts: tuple[int, ...] = ()
    if distinct <= 2 * LISTED_VALUES:  # an estimate: the exact number may be smaller
        listed = _listed(typed, name)
        distinct = len(listed)
        if distinct <= LISTED_VALUES:
            values, counts = tuple(value for value, _ in listed), tuple(count for _, count in listed)
    return Profile(
        name,
        dtype,
        rows=int(figures["rows"]),
        missing=int(figures["missing"]),
        distinct=distinct,
        minimum=figures.get("minimum"),
        maximum=figures.get("maximum"),
        values=values,
        counts=counts,
    )


def _listed(typed: pl.LazyFrame, name: str) -> list[tuple[Any, int]]:
    """Return the distinct values and their counts, most frequent first, ties in order."""
    values = typed.select(pl.col(name).alias("value")).drop_nulls()
    counted = values.group_by("value").len("rows").collect(engine="streaming")
    return list(counted.sort(["rows", "value"], descending=[True, False]).iter_rows())


def _sample(typed: pl.LazyFrame, rows: int) -> pl.DataFrame:
    step = max(1, rows // SAMPLE_ROWS)
    index = "row" * (1 + max(map(len, typed.collect_schema().names())))  # longer than every column's name
    numbered = typed.with_row_index(index)
    return numbered.filter(pl.col(index) % step == 0).drop(index).collect(engine="streaming")
