"""The example's source: every oddity of the real flights that data/README.md names is handled as it says."""

from __future__ import annotations

import shutil
from pathlib import Path

import polars as pl
import pytest
from merge_lane.cli import main
from merge_lane.errors import SourceError

from flight_board import source

ROOT = Path(__file__).parents[1]
MONTHS = [f"2013-{number:02}" for number in range(1, 13)]


@pytest.fixture(scope="module")
def year(month):
    return pl.concat([month(name) for name in MONTHS])


def test_the_year_has_every_departure_once(year):
    assert year.height == 336_776
    assert year.n_unique(["sched_dep", "carrier", "flight", "origin"]) == 336_776


def test_a_month_holds_its_own_days_only(month):
    found = {name: month(name)["sched_dep"].dt.strftime("%Y-%m").unique().to_list() for name in MONTHS}
    assert found == {name: [name] for name in MONTHS}


def test_a_month_has_the_columns_of_the_contract(month, contract):
    assert set(month("2013-01").columns) == {c.name for c in contract.raw}


def test_cancelled_flights_stay_without_a_departure_and_without_a_label(year):
    cancelled = year.filter(pl.col("dep").is_null())
    assert cancelled.height == 8_255
    assert cancelled.select("dep_delay", "arr", "arr_delay", "late").null_count().row(0) == (8_255,) * 4


def test_diverted_flights_have_a_departure_and_no_label(year):
    diverted = year.filter(pl.col("dep").is_not_null() & pl.col("arr_delay").is_null())
    assert diverted.height == 1_175
    assert diverted["late"].null_count() == 1_175


def test_late_is_an_arrival_15_minutes_or_more_after_its_time(year):
    arrived = year.filter(pl.col("arr_delay").is_not_null())
    assert arrived["late"].equals(arrived["arr_delay"] >= 15)
    minutes = (arrived["arr"] - arrived["sched_arr"]).dt.total_minutes()
    assert minutes.cast(pl.Float64).equals(arrived["arr_delay"], check_names=False)


def test_every_scheduled_arrival_is_after_its_departure_and_within_a_long_flight(year):
    minutes = (year["sched_arr"] - year["sched_dep"]).dt.total_minutes()
    assert minutes.null_count() == 0
    assert minutes.min() > 20
    assert minutes.max() < 13 * 60  # Honolulu


def test_a_flight_to_another_time_zone_takes_its_real_time(year):
    """New York to Los Angeles is six hours, though the clocks say three."""
    hours = (year["sched_arr"] - year["sched_dep"]).dt.total_minutes() / 60
    assert 5.5 < hours.filter(year["dest"] == "LAX").median() < 7


def test_missing_weather_is_missing_and_few(year):
    missing = year["temp"].null_count() / year.height
    assert 0 < missing < 0.01


def test_weather_is_of_the_hour_before_the_scheduled_hour(year):
    seen = year.filter(pl.col("weather_time").is_not_null())
    expected = seen["sched_dep"].dt.truncate("1h") - pl.duration(hours=1)
    lag = seen.select((pl.col("weather_time") == expected).mean()).item()
    assert lag == 1.0


def test_the_broken_wind_reading_of_february_is_missing(year):
    assert source._csv("weather.csv")["wind_speed"].max() > 1000
    assert year["wind_speed"].max() < 60
    broken = source._csv("weather.csv").filter(pl.col("wind_speed") > source.MAX_WIND_MPH)
    assert broken.select("origin", "month", "day").row(0) == ("EWR", 2, 12)
    assert broken.height == 1


def test_aircraft_without_a_record_have_no_year_and_no_seats(year):
    share = year["built"].null_count() / year.height
    assert 0.16 < share < 0.18
    assert year["tailnum"].null_count() < year["seats"].null_count()


def test_a_month_that_does_not_exist_is_refused_with_the_choice(tmp_path, monkeypatch, capsys):
    shutil.copy(ROOT / "params.yaml", tmp_path)
    monkeypatch.chdir(tmp_path)
    assert main(["ingest", "2014-01"]) == 11
    said = capsys.readouterr().err
    assert "The source has no rows for 2014-01." in said
    assert "choose from 2013-01 to 2013-12" in said
    assert "Traceback" not in said
    assert not (tmp_path / "data").exists()


def test_a_file_that_is_not_there_is_refused_by_its_path(tmp_path):
    with pytest.raises(SourceError, match="There is no file for 2013-03"):
        source.read(str(tmp_path / "{month}.csv"), "2013-03")


@pytest.mark.parametrize("suffix", ["csv", "parquet"])
def test_your_own_files_read_as_the_example_does(tmp_path, month, suffix):
    given = month("2013-01").head(200)
    path = tmp_path / f"2013-01.{suffix}"
    given.write_csv(path) if suffix == "csv" else given.write_parquet(path)
    read = source.read(str(tmp_path / f"{{month}}.{suffix}"), "2013-01")
    assert read.select("sched_dep", "carrier", "late").equals(given.select("sched_dep", "carrier", "late"))


def test_a_source_that_is_not_installed_says_what_to_do(monkeypatch):
    monkeypatch.setattr(source, "find_spec", lambda _: None)
    with pytest.raises(SourceError, match="not installed") as caught:
        source._csv("weather.csv")
    assert caught.value.next == "make setup"
