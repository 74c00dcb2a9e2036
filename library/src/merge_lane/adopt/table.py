"""Open a CSV or Parquet file of any size: scanned, never loaded whole; a broken row is named by its line."""

from __future__ import annotations

import csv
import sys
import time
from typing import TYPE_CHECKING, Any

import polars as pl

from merge_lane.errors import AdoptError

if TYPE_CHECKING:
    from pathlib import Path

MISSING = ["", "NA", "N/A", "n/a", "NaN", "nan", "null", "NULL", "None", "-", "?"]
"""Texts that mean a missing value."""

SNIFF_BYTES = 1 << 16
SEPARATORS = ",;\t|"
PROGRESS_SECONDS = 5.0
CHECK_CLOCK_EVERY_ROWS = 100_000


def scan(path: Path) -> pl.LazyFrame:
    """Return the table lazily, CSV as text. Raises AdoptError for a file that is no table."""
    if not path.is_file():
        raise AdoptError(
            f"There is no file {path}.", where=str(path), next="give the path of a CSV or Parquet file"
        )
    if path.stat().st_size == 0:
        raise _empty(path)
    if path.suffix.lower() in (".parquet", ".pq"):
        return _scan_parquet(path)
    if path.suffix.lower() in (".csv", ".tsv", ".txt"):
        return _scan_csv(path)
    raise AdoptError(
        f"{path.name} is neither CSV nor Parquet.", where=str(path), next="use .csv, .tsv or .parquet"
    )


def _empty(path: Path) -> AdoptError:
    return AdoptError(
        "The file is empty.", where=str(path), next="give a table with a header and 50 rows or more"
    )


def _scan_parquet(path: Path) -> pl.LazyFrame:
    try:
        table = pl.scan_parquet(path)
        table.collect_schema()
    except (pl.exceptions.PolarsError, OSError) as error:
        what = str(error).splitlines()[0]
        raise AdoptError(
            f"The file is not Parquet: {what}", where=str(path), next="write it again"
        ) from error
    return table


def _scan_csv(path: Path) -> pl.LazyFrame:
    separator = refuse_broken_rows(path)
    return pl.scan_csv(path, separator=separator, infer_schema=False, null_values=MISSING)


def refuse_broken_rows(path: Path) -> str:
    """Read the file once, row by row, and return its separator.

    Raises AdoptError naming the line of the first row with more or fewer fields than the header, of a
    header that names a column twice or not at all, or of a byte that is not UTF-8.
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as stream:
            sample = stream.read(SNIFF_BYTES)
            separator = _separator(sample)
            stream.seek(0)
            _count_fields(csv.reader(stream, delimiter=separator), path)
    except UnicodeDecodeError as error:
        raise AdoptError(
            f"Line {_line_of(path)} holds a byte that is not UTF-8.",
            where=f"{path}:{_line_of(path)}",
            next="save the file as UTF-8 (iconv -f WINDOWS-1252 -t UTF-8, for one)",
        ) from error
    except csv.Error as error:
        raise AdoptError(
            f"The file is not CSV: {error}.", where=str(path), next="mend or export it again"
        ) from error
    return separator


def _separator(sample: str) -> str:
    head = sample.splitlines()[0] if sample.strip() else ""
    return max(SEPARATORS, key=head.count)


def _count_fields(reader: Any, path: Path) -> None:
    header = next(reader, None)
    if not header:
        raise _empty(path)
    _check_header(header, path)
    said = time.monotonic()
    for count, row in enumerate(reader):
        if len(row) != len(header) and row:
            raise AdoptError(
                f"Line {reader.line_num} has {len(row)} fields, the header has {len(header)}.",
                where=f"{path}:{reader.line_num}",
                next="mend that line (an unquoted separator or a line break inside a value, usually)",
            )
        if count % CHECK_CLOCK_EVERY_ROWS == 0 and time.monotonic() - said > PROGRESS_SECONDS:
            said = time.monotonic()
            print(f"adopt: {count:,} rows checked", file=sys.stderr)


def _check_header(header: list[str], path: Path) -> None:
    bad = {name for name in header if not name.strip() or header.count(name) > 1}
    if bad:
        raise AdoptError(
            f"The header names a column twice or not at all: {', '.join(map(repr, sorted(bad)))}.",
            where=f"{path}:1",
            next="give every column one name of its own",
        )


def _line_of(path: Path) -> int:
    """Return the line of the first byte that is not UTF-8."""
    with path.open("rb") as stream:
        for number, line in enumerate(stream, start=1):
            try:
                line.decode("utf-8")
            except UnicodeDecodeError:
                return number
    return 1
