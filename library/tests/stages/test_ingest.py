"""ingest: a month is typed, ordered and written whole; the same rows are always the same file."""

from __future__ import annotations

import polars as pl
import pytest
import toy

from merge_lane.data import tables
from merge_lane.errors import SourceError
from merge_lane.stages.ingest import ingest
from merge_lane.system.files import digest

MONTH = "2013-01"


@pytest.fixture
def incoming(tmp_path):
    """A file of raw rows, and the pattern that names it."""
    toy.rows("binary").head(30).write_csv(tmp_path / f"{MONTH}.csv")
    return str(tmp_path / "{month}.csv")


def test_a_csv_file_becomes_a_typed_month(incoming, tmp_path):
    rows = ingest(incoming, MONTH, toy.SCHEMA, tmp_path / "raw.parquet")
    assert dict(rows.schema) == {c.name: tables.POLARS[c.dtype] for c in toy.SCHEMA.raw}
    assert rows["sched_dep"].is_sorted()
    assert pl.read_parquet(tmp_path / "raw.parquet").equals(rows)


def test_rows_in_another_order_are_the_same_file(incoming, tmp_path):
    head, *lines = (tmp_path / f"{MONTH}.csv").read_text().splitlines()
    ingest(incoming, MONTH, toy.SCHEMA, tmp_path / "a.parquet")
    (tmp_path / f"{MONTH}.csv").write_text("\n".join([head, *reversed(lines)]))
    ingest(incoming, MONTH, toy.SCHEMA, tmp_path / "b.parquet")
    assert digest(tmp_path / "a.parquet") == digest(tmp_path / "b.parquet")


def test_a_file_without_rows_is_refused(incoming, tmp_path):
    toy.rows("binary").head(0).write_csv(tmp_path / f"{MONTH}.csv")
    with pytest.raises(SourceError, match=f"no rows for {MONTH}"):
        ingest(incoming, MONTH, toy.SCHEMA, tmp_path / "raw.parquet")
    assert not (tmp_path / "raw.parquet").exists()


def test_what_is_wrong_stays_wrong_for_validate_to_report(incoming, tmp_path):
    wrong = pl.read_csv(tmp_path / f"{MONTH}.csv").with_columns(distance=pl.lit("far"))
    wrong.write_csv(tmp_path / f"{MONTH}.csv")
    rows = ingest(incoming, MONTH, toy.SCHEMA, tmp_path / "raw.parquet")
    assert rows["distance"].to_list()[0] == "far"
