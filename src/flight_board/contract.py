"""THE data contract: every column once. Yours to change; an update of the template never touches it.

One row is one scheduled departure from New York City. The decision is made 60 minutes before the
scheduled departure; a column whose value is known only later cannot become a feature.
"""

from __future__ import annotations

from datetime import datetime  # noqa: TC003 - pandera reads the annotation at run time

import pandera.polars as pa
import polars as pl
from merge_lane.data.columns import Known, Role
from merge_lane.data.schema import column

LATE_MINUTES = 15
"""An arrival this late or later is late: the definition of the U.S. Department of Transportation."""


class Contract(pa.DataFrameModel):
    """A scheduled departure, the weather before it, the aircraft, and what became of it."""

    sched_dep: datetime = column(
        Role.TIME, Known.IN_ADVANCE, "Scheduled departure, New York local time", example="2013-07-01T17:30:00"
    )
    carrier: str = column(
        Role.FEATURE, Known.IN_ADVANCE, "Airline, IATA code", pattern=r"^[0-9A-Z]{2}$", example="B6"
    )
    flight: int = column(Role.KEY, Known.IN_ADVANCE, "Flight number", minimum=1, maximum=9999, example=1015)
    origin: str = column(
        Role.FEATURE, Known.IN_ADVANCE, "Airport of departure", allowed=("EWR", "JFK", "LGA"), example="JFK"
    )
    dest: str = column(
        Role.FEATURE, Known.IN_ADVANCE, "Airport of arrival, IATA code", pattern=r"^[A-Z]{3}$", example="BOS"
    )
    distance: float = column(
        Role.FEATURE,
        Known.IN_ADVANCE,
        "Great-circle distance",
        minimum=1,
        maximum=6000,
        unit="mi",
        example=187,
    )
    sched_arr: datetime = column(
        Role.FEATURE, Known.IN_ADVANCE, "Scheduled arrival, New York time", example="2013-07-01T18:47:00"
    )
    tailnum: str = column(
        Role.KEY, Known.AT_DECISION, "Tail number of the aircraft", nullable=True, pattern=r"^[0-9A-Z]{5,6}$"
    )
    built: int = column(
        Role.FEATURE,
        Known.AT_DECISION,
        "Year the aircraft was built; missing where the registry has no record",
        nullable=True,
        minimum=1940,
        maximum=2030,
        example=2004,
    )
    seats: int = column(
        Role.FEATURE,
        Known.AT_DECISION,
        "Seats of the aircraft; missing where the registry has no record",
        nullable=True,
        minimum=1,
        maximum=900,
        example=200,
    )
    weather_time: datetime = column(
        Role.KEY,
        Known.AT_DECISION,
        "Hour of the weather observation, one before the scheduled one",
        nullable=True,
    )
    temp: float = column(
        Role.FEATURE,
        Known.AT_DECISION,
        "Temperature",
        nullable=True,
        minimum=-40,
        maximum=125,
        unit="F",
        example=78.1,
    )
    dewp: float = column(
        Role.FEATURE,
        Known.AT_DECISION,
        "Dew point",
        nullable=True,
        minimum=-60,
        maximum=100,
        unit="F",
        example=68.0,
    )
    humid: float = column(
        Role.FEATURE,
        Known.AT_DECISION,
        "Humidity",
        nullable=True,
        minimum=0,
        maximum=100,
        unit="%",
        example=71.2,
    )
    wind_dir: float = column(
        Role.FEATURE,
        Known.AT_DECISION,
        "Wind from",
        nullable=True,
        minimum=0,
        maximum=360,
        unit="deg",
        example=180,
    )
    wind_speed: float = column(
        Role.FEATURE,
        Known.AT_DECISION,
        "Wind",
        nullable=True,
        minimum=0,
        maximum=200,
        unit="mph",
        example=12.7,
    )
    precip: float = column(
        Role.FEATURE,
        Known.AT_DECISION,
        "Rain in the hour",
        nullable=True,
        minimum=0,
        maximum=10,
        unit="in",
        example=0.0,
    )
    pressure: float = column(
        Role.FEATURE,
        Known.AT_DECISION,
        "Pressure at sea level",
        nullable=True,
        minimum=870,
        maximum=1085,
        unit="mbar",
        example=1011.5,
    )
    visib: float = column(
        Role.FEATURE,
        Known.AT_DECISION,
        "Visibility",
        nullable=True,
        minimum=0,
        maximum=100,
        unit="mi",
        example=10,
    )
    origin_delay_1h: float = column(
        Role.FEATURE,
        Known.AT_DECISION,
        "Mean departure delay at the origin, of departures 60 to 120 minutes before the scheduled departure",
        nullable=True,
        minimum=-120,
        maximum=1440,
        unit="min",
        example=24.5,
        derived=True,
    )
    origin_delay_3h: float = column(
        Role.FEATURE,
        Known.AT_DECISION,
        "Mean departure delay at the origin, of departures 60 to 240 minutes before the scheduled departure",
        nullable=True,
        minimum=-120,
        maximum=1440,
        unit="min",
        example=18.0,
        derived=True,
    )
    dep: datetime = column(
        Role.FORBIDDEN, Known.AFTER_DECISION, "Actual departure; missing if cancelled", nullable=True
    )
    dep_delay: float = column(
        Role.FORBIDDEN,
        Known.AFTER_DECISION,
        "Departure delay; missing if cancelled",
        nullable=True,
        minimum=-120,
        maximum=1440,
        unit="min",
    )
    arr: datetime = column(
        Role.FORBIDDEN,
        Known.WITH_LABEL,
        "Actual arrival, New York time; missing if cancelled or diverted",
        nullable=True,
    )
    arr_delay: float = column(
        Role.FORBIDDEN,
        Known.WITH_LABEL,
        "Arrival delay; missing if cancelled or diverted",
        nullable=True,
        minimum=-180,
        maximum=1440,
        unit="min",
    )
    late: bool = column(
        Role.LABEL,
        Known.WITH_LABEL,
        "Arrived 15 minutes late or more; missing if cancelled or diverted: such rows are not learnt from",
        nullable=True,
    )

    # A check across columns names them in its text: a finding then shows their values.

    class Config:
        """No other column, and a flight has one origin, time, carrier and number."""

        strict = True
        unique = ["sched_dep", "carrier", "flight", "origin"]  # noqa: RUF012 - pandera's way to say it

    @pa.dataframe_check(error="arr is after dep")
    def arrives_after_departure(cls, data: pa.PolarsData) -> pl.LazyFrame:  # noqa: N805 - pandera's signature
        """An aircraft lands after it took off."""
        return data.lazyframe.select((pl.col("arr") > pl.col("dep")).fill_null(value=True))

    @pa.dataframe_check(error="weather_time is the hour before that of sched_dep")
    def weather_hour_matches(cls, data: pa.PolarsData) -> pl.LazyFrame:  # noqa: N805
        """Weather of a later hour would be a look into the future."""
        expected = pl.col("sched_dep").dt.truncate("1h") - pl.duration(hours=1)
        return data.lazyframe.select((pl.col("weather_time") == expected).fill_null(value=True))

    @pa.dataframe_check(error="late follows from arr_delay")
    def label_matches_delay(cls, data: pa.PolarsData) -> pl.LazyFrame:  # noqa: N805
        """The label is what its definition says, and missing exactly where the delay is."""
        return data.lazyframe.select(pl.col("late").eq_missing(pl.col("arr_delay") >= LATE_MINUTES))

    @pa.dataframe_check(error="arr needs a dep")
    def arrival_needs_departure(cls, data: pa.PolarsData) -> pl.LazyFrame:  # noqa: N805
        """A flight that never left cannot have arrived."""
        return data.lazyframe.select(pl.col("dep").is_not_null() | pl.col("arr").is_null())
