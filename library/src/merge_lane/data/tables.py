"""Tables on disk and in memory: built-in CSV and Parquet readers, atomic Parquet, polars to numpy."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from merge_lane.errors import SourceError
from merge_lane.system.files import atomic_path

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from merge_lane.data.columns import Arrays, Column

POLARS: dict[str, pl.DataType] = {
    "int": pl.Int64(),
    "float": pl.Float64(),
    "str": pl.String(),
    "bool": pl.Boolean(),
    "datetime": pl.Datetime("us"),
}
MONTH_FIELD = "{month}"
SYSTEM_REFUSAL = re.compile(r"\(os error (\d+)\)")
"""polars reports a full disk as a fault of the table; the operating system's number is in the text."""


def read_month(pattern: str, month: str, columns: Iterable[Column] = ()) -> pl.DataFrame:
    """Read the CSV or Parquet file that `pattern` names, with `{month}` replaced. Raises SourceError.

    `columns` say what is text: a code such as 09 in a CSV file stays 09.
    """
    path = Path(pattern.replace(MONTH_FIELD, month))
    if not path.is_file():
        raise SourceError(
            f"There is no file for {month}.",
            where=str(path),
            next="put the file there, or remove the month from data.months in params.yaml",
        )
    return read(path, [c.name for c in columns if c.dtype == "str"])


def read(path: Path, texts: Iterable[str] = ()) -> pl.DataFrame:
    """Read a CSV or Parquet file by its suffix; `texts` are CSV columns that must not become numbers.

    Raises SourceError naming the file and its fault.
    """
    readers: dict[str, Callable[[Path], pl.DataFrame]] = {
        ".parquet": pl.read_parquet,
        ".csv": lambda csv: _read_csv(csv, texts),
    }
    reader = readers.get(path.suffix.lower())
    if reader is None:
        raise SourceError(
            f"{path.suffix or 'No suffix'} is not a table.", where=str(path), next="use .csv or .parquet"
        )
    try:
        return reader(path)
    except FileNotFoundError as error:
        raise SourceError(f"There is no {path}.", where=str(path), next="dvc repro, or dvc pull") from error
    except (pl.exceptions.PolarsError, OSError, UnicodeDecodeError) as error:
        what = str(error).splitlines()[0]
        raise SourceError(
            f"The file cannot be read: {what}", where=str(path), next="fix or replace it"
        ) from error


def _read_csv(path: Path, texts: Iterable[str]) -> pl.DataFrame:
    return pl.read_csv(
        path,
        null_values=["", "NA"],
        infer_schema_length=None,
        try_parse_dates=True,
        schema_overrides=dict.fromkeys(texts, pl.String),
    )


def cast(rows: pl.DataFrame, columns: Iterable[Column]) -> pl.DataFrame:
    """Give the columns that are there the contract's types and order, where nothing is lost by it.

    A value that does not fit stays as it is: `validate` then reports the column with its rows.
    """
    known = [c for c in columns if c.name in rows.columns]
    others = [name for name in rows.columns if name not in {c.name for c in known}]
    return rows.select(*(_lossless(rows[c.name], POLARS[c.dtype]) for c in known), *others)


def _lossless(values: pl.Series, dtype: pl.DataType) -> pl.Series:
    return values if misfits(values, dtype).any() else values.cast(dtype)


def misfits(values: pl.Series, dtype: pl.DataType) -> pl.Series:
    """Return True for each value that is there and that a cast to `dtype` would lose or change."""
    present = values.is_not_null()
    if values.dtype == dtype:
        return present & False
    if _of_other_kind(values.dtype, dtype):
        return present
    try:
        changed = values.cast(dtype, strict=False)
        back = changed.cast(values.dtype, strict=False)
    except pl.exceptions.PolarsError:
        return present
    if values.dtype == pl.String:  # "07" is the number 7, though 7 is not written "07"
        return present & changed.is_null()
    return present & back.ne_missing(values)


def _of_other_kind(actual: pl.DataType, expected: pl.DataType) -> bool:
    """Return True for a number as a time (of which epoch?), or a time with a zone as a local one."""
    return actual.is_temporal() != expected.is_temporal() or getattr(actual, "time_zone", None) is not None


def write(rows: pl.DataFrame, path: Path | str) -> None:
    """Write Parquet whole or not at all; the same rows are always the same bytes."""
    with atomic_path(path) as temporary:
        try:
            rows.write_parquet(temporary, compression="zstd", statistics=True)
        except pl.exceptions.PolarsError as error:
            refused = SYSTEM_REFUSAL.search(str(error))
            if refused is None:
                raise
            number = int(refused[1])
            raise OSError(number, os.strerror(number)) from error


def to_arrays(rows: pl.DataFrame, names: Iterable[str]) -> Arrays:
    """Return columns as numpy arrays: numbers and booleans float64 (missing NaN), text object, time us."""
    return {name: _array(rows[name]) for name in names}


def _array(values: pl.Series) -> np.ndarray:
    if values.dtype == pl.String:
        return np.array(values.to_list(), dtype=object)
    if values.dtype == pl.Datetime:
        return values.cast(pl.Datetime("us")).to_numpy().astype("datetime64[us]")
    return values.cast(pl.Float64).to_numpy().astype(np.float64)
