"""THE data contract: every column once. Yours to change; an update of the template never touches it.

One row is one scheduled departure from New York City. The decision is made 60 minutes before the
scheduled departure; a column whose value is known only later cannot become a feature.
"""

from __future__ import annotations

from datetime import datetime

import pandera.polars as pa
import polars as pl
from merge_lane.contract import category, derived, event_time, key, label, measured, moment, outcome

LATE_MINUTES = 15
"""An arrival this late or later is late: the definition of the U.S. Department of Transportation."""

NO_RECORD = "where the registry has no record"
NOT_ARRIVED = "if cancelled or diverted"
NO_LABEL = f"{NOT_ARRIVED}: such rows do not train"
OBSERVED = "Hour of the weather observation, one before the scheduled one"
RECENT = "Mean departure delay at the origin, of departures 60 to {} minutes before the scheduled departure"


class Contract(pa.DataFrameModel):
    """A scheduled departure, the weather before it, the aircraft, and what became of it."""

    # The timetable
    sched_dep: datetime = event_time("Scheduled departure, New York local time", "2013-07-01 17:30")
    carrier: str = category("Airline, IATA code", r"^[0-9A-Z]{2}$", known="in advance", example="B6")
    flight: int = key("Flight number", 1, 9999, known="in advance", example=1015)
    origin: str = category("Airport of departure", ("EWR", "JFK", "LGA"), known="in advance", example="JFK")
    dest: str = category("Airport of arrival, IATA code", r"^[A-Z]{3}$", known="in advance", example="BOS")
    distance: float = measured("Great-circle distance", 1, 6000, "mi", known="in advance", example=187)
    sched_arr: datetime = moment("Scheduled arrival, New York time", "2013-07-01 18:47", known="in advance")

    # The aircraft, and the weather at its origin: known at the decision
    tailnum: str = key("Tail number of the aircraft", pattern=r"^[0-9A-Z]{5,6}$", missing=True)
    built: int = measured("Year the aircraft was built", 1940, 2030, missing=NO_RECORD, example=2004)
    seats: int = measured("Seats of the aircraft", 1, 900, missing=NO_RECORD, example=200)
    weather_time: datetime = key(OBSERVED, missing=True)
    temp: float = measured("Temperature", -40, 125, "F", missing=True, example=78.1)
    dewp: float = measured("Dew point", -60, 100, "F", missing=True, example=68.0)
    humid: float = measured("Humidity", 0, 100, "%", missing=True, example=71.2)
    wind_dir: float = measured("Wind from", 0, 360, "deg", missing=True, example=180)
    wind_speed: float = measured("Wind", 0, 200, "mph", missing=True, example=12.7)
    precip: float = measured("Rain in the hour", 0, 10, "in", missing=True, example=0.0)
    pressure: float = measured("Pressure at sea level", 870, 1085, "mbar", missing=True, example=1011.5)
    visib: float = measured("Visibility", 0, 100, "mi", missing=True, example=10)

    # What `features.history` computes from earlier departures
    origin_delay_1h: float = derived(RECENT.format(120), -120, 1440, "min", missing=True, example=24.5)
    origin_delay_3h: float = derived(RECENT.format(240), -120, 1440, "min", missing=True, example=18.0)

    # What became of it: never a feature
    dep: datetime = outcome("Actual departure", missing="if cancelled")
    dep_delay: float = outcome("Departure delay", -120, 1440, "min", missing="if cancelled")
    arr: datetime = outcome("Actual arrival, New York time", known="with label", missing=NOT_ARRIVED)
    arr_delay: float = outcome("Arrival delay", -180, 1440, "min", known="with label", missing=NOT_ARRIVED)
    late: bool = label("Arrived 15 minutes late or more", missing=NO_LABEL)

    class Config:
        """No other column, and a flight has one origin, time, carrier and number."""

        strict = True
        unique = ("sched_dep", "carrier", "flight", "origin")

    # Name the columns of a check in its message: the report then shows their values.
    @pa.dataframe_check(error="arr is after dep")
    def arrives_after_departure(cls, data: pa.PolarsData) -> pl.LazyFrame:
        """An aircraft lands after it took off."""
        return data.lazyframe.select((pl.col("arr") > pl.col("dep")).fill_null(value=True))

    @pa.dataframe_check(error="weather_time is the hour before that of sched_dep")
    def weather_hour_matches(cls, data: pa.PolarsData) -> pl.LazyFrame:
        """Weather of a later hour would be a look into the future."""
        hour = pl.col("sched_dep").dt.truncate("1h") - pl.duration(hours=1)
        return data.lazyframe.select((pl.col("weather_time") == hour).fill_null(value=True))

    @pa.dataframe_check(error="late follows from arr_delay")
    def label_matches_delay(cls, data: pa.PolarsData) -> pl.LazyFrame:
        """The label is what its definition says, and missing exactly where the delay is."""
        return data.lazyframe.select(pl.col("late").eq_missing(pl.col("arr_delay") >= LATE_MINUTES))

    @pa.dataframe_check(error="arr needs a dep")
    def arrival_needs_departure(cls, data: pa.PolarsData) -> pl.LazyFrame:
        """A flight that never left cannot have arrived."""
        return data.lazyframe.select(pl.col("dep").is_not_null() | pl.col("arr").is_null())
