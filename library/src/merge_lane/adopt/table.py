"""Open a CSV or Parquet file of any size without loading it whole; name a broken row by its line."""

from __future__ import annotations

import csv
import re
import sys
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import polars as pl

from merge_lane.data.split import MONTH, PART
from merge_lane.errors import AdoptError

if TYPE_CHECKING:
    from pathlib import Path

MISSING = ["", "NA", "N/A", "n/a", "NaN", "nan", "null", "NULL", "None", "-", "?"]
"""Texts that mean a missing value."""

INDEX_NOTE = (
    "the first column has no name: it is left out as the index that df.to_csv() writes (name it to keep it)"
)
PIPELINE_NAMES = {MONTH, PART}
PATTERN = re.compile(r"\*|\^.*\$", re.DOTALL)
"""polars reads such a name as a choice of columns."""

UNSUPPORTED = (pl.List, pl.Array, pl.Struct, pl.Object, pl.Binary, pl.Duration)

SNIFF_BYTES = 1 << 16
FIELD_BYTES = 1 << 30
INDEX = "\0index"  # a name that no header holds
SEPARATORS = ",;\t|"
PROGRESS_SECONDS = 5.0
CHECK_CLOCK_EVERY_ROWS = 100_000


@dataclass(frozen=True)
class Table:
    """The rows of a file, lazily, and what a person should know about how it was read."""

    rows: pl.LazyFrame
    notes: tuple[str, ...] = ()


def scan(path: Path) -> Table:
    """Return the table, CSV as text. Raises AdoptError for a file that is no table."""
    if not path.is_file():
        raise AdoptError(
            f"There is no file {path}.", where=str(path), next="pass the path of a CSV or Parquet file"
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
        "The file is empty.", where=str(path), next="pass a table with a header and 50 rows or more"
    )


def _scan_parquet(path: Path) -> Table:
    try:
        rows = pl.scan_parquet(path)
        schema = rows.collect_schema()
    except (pl.exceptions.PolarsError, OSError) as error:
        what = str(error).splitlines()[0]
        raise AdoptError(
            f"The file is not Parquet: {what}", where=str(path), next="write it again"
        ) from error
    _check_header(schema.names(), str(path))
    for name, dtype in schema.items():
        if isinstance(dtype, UNSUPPORTED):
            raise AdoptError(
                f"The column {name} holds values of type {dtype}.",
                where=str(path),
                next="turn it into columns of numbers, texts, truth values or times, or remove it",
            )
    return Table(rows)


def _scan_csv(path: Path) -> Table:
    separator, header = refuse_broken_rows(path)
    indexed = header[0] == ""
    names = _check_header(header[1:] if indexed else header, f"{path}:1")
    read = [INDEX, *names] if indexed else names
    rows = pl.scan_csv(path, separator=separator, infer_schema=False, null_values=MISSING, new_columns=read)
    rows = rows.filter(~pl.all_horizontal(pl.all().is_null()))  # a blank line is no row
    return Table(rows.drop(INDEX), (INDEX_NOTE,)) if indexed else Table(rows)


def refuse_broken_rows(path: Path) -> tuple[str, list[str]]:
    """Read the file once, row by row, and return its separator and header.

    Raises AdoptError naming the line of the first row with more or fewer fields than the header, or of a
    byte that is not UTF-8.
    """
    csv.field_size_limit(FIELD_BYTES)
    try:
        with path.open(encoding="utf-8-sig", newline="") as stream:
            sample = stream.read(SNIFF_BYTES)
            separator = _separator(sample)
            stream.seek(0)
            header = _count_fields(csv.reader(stream, delimiter=separator), path)
    except UnicodeDecodeError as error:
        raise AdoptError(
            f"Line {_line_of(path)} holds a byte that is not UTF-8.",
            where=f"{path}:{_line_of(path)}",
            next="save the file as UTF-8 (iconv -f WINDOWS-1252 -t UTF-8, for one)",
        ) from error
    except csv.Error as error:
        raise AdoptError(
            f"The file is not CSV: {error}.", where=str(path), next="fix or export it again"
        ) from error
    return separator, header


def _separator(sample: str) -> str:
    head = sample.splitlines()[0] if sample.strip() else ""
    return max(SEPARATORS, key=head.count)


def _count_fields(reader: Any, path: Path) -> list[str]:
    """Return the header; raise AdoptError for a row with another number of fields."""
    header: list[str] | None = next(reader, None)
    if not header:
        raise _empty(path)
    reported = time.monotonic()
    for count, row in enumerate(reader):
        if len(row) != len(header) and row:
            raise AdoptError(
                f"Line {reader.line_num} has {len(row)} fields, the header has {len(header)}.",
                where=f"{path}:{reader.line_num}",
                next="fix that line (an unquoted separator or a line break inside a value, usually)",
            )
        if count % CHECK_CLOCK_EVERY_ROWS == 0 and time.monotonic() - reported > PROGRESS_SECONDS:
            reported = time.monotonic()
            print(f"adopt: {count:,} rows checked", file=sys.stderr)
    return header


def _check_header(header: list[str], where: str) -> list[str]:
    """Return the header. Raises AdoptError for names that are missing, repeated or used by the pipeline."""
    bad = {name for name in header if not name.strip() or header.count(name) > 1}
    if bad:
        raise AdoptError(
            f"The header names a column twice or not at all: {', '.join(map(repr, sorted(bad)))}.",
            where=where,
            next="give every column one name of its own",
        )
    special = [name for name in header if name in PIPELINE_NAMES or PATTERN.fullmatch(name)]
    if special:
        raise AdoptError(
            f"The pipeline cannot use a column named {special[0]!r}.",
            where=where,
            next=f"rename it: {', '.join(sorted(PIPELINE_NAMES))}, * and ^...$ have a meaning of their own",
        )
    return header


def _line_of(path: Path) -> int:
    """Return the line of the first byte that is not UTF-8."""
    with path.open("rb") as stream:
        for number, line in enumerate(stream, start=1):
            try:
                line.decode("utf-8")
            except UnicodeDecodeError:
                return number
    return 1
