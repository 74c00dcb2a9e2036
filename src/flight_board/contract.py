"""THE data contract: every column once. Yours to change; an update of the template never touches it.

One row is one scheduled departure from New York City. The decision is made 60 minutes before the
scheduled departure; a column whose value is known only later cannot become a feature.
"""

from __future__ import annotations

from datetime import datetime  # noqa: TC003 - pandera reads the annotation at run time

import pandera.polars as pa
import polars as pl
from merge_lane.contract import Known, category, derived, forbidden, key, label, measured, time

LATE_MINUTES = 15
"""An arrival this late or later is late: the definition of the U.S. Department of Transportation."""

IN_ADVANCE, AT_DECISION, WITH_LABEL = Known.IN_ADVANCE, Known.AT_DECISION, Known.WITH_LABEL


class Contract(pa.DataFrameModel):
    """A scheduled departure, the weather before it, the aircraft, and what became of it."""

    sched_dep: datetime = time("Scheduled departure, New York local time", example="2013-07-01T17:30:00")
    carrier: str = category("Airline, IATA code", pattern=r"^[0-9A-Z]{2}$", example="B6")
    flight: int = key("Flight number", 1, 9999, example=1015)
    origin: str = category("Airport of departure", one_of=("EWR", "JFK", "LGA"), example="JFK")
    dest: str = category("Airport of arrival, IATA code", pattern=r"^[A-Z]{3}$", example="BOS")
    distance: float = measured("Distance", 1, 6000, "mi", known=IN_ADVANCE, nullable=False, example=187)
    sched_arr: datetime = category("Scheduled arrival, New York time", example="2013-07-01T18:47:00")

    tailnum: str = key("Tail number", known=AT_DECISION, nullable=True, pattern=r"^[0-9A-Z]{5,6}$")
    built: int = measured("Year the aircraft was built, where known", 1940, 2030, example=2004)
    seats: int = measured("Seats of the aircraft, where known", 1, 900, example=200)

    weather_time: datetime = key("Hour of the weather", known=AT_DECISION, nullable=True)
    temp: float = measured("Temperature", -40, 125, "F", example=78.1)
    dewp: float = measured("Dew point", -60, 100, "F", example=68.0)
    humid: float = measured("Humidity", 0, 100, "%", example=71.2)
    wind_dir: float = measured("Wind from", 0, 360, "deg", example=180)
    wind_speed: float = measured("Wind", 0, 200, "mph", example=12.7)
    precip: float = measured("Rain in the hour", 0, 10, "in", example=0.0)
    pressure: float = measured("Pressure at sea level", 870, 1085, "mbar", example=1011.5)
    visib: float = measured("Visibility", 0, 100, "mi", example=10)

    origin_delay_1h: float = derived(
        "Mean delay at the origin, 1 to 2 h before", -120, 1440, "min", example=24.5
    )
    origin_delay_3h: float = derived(
        "Mean delay at the origin, 1 to 4 h before", -120, 1440, "min", example=18.0
    )

    dep: datetime = forbidden("Actual departure; missing if cancelled")
    dep_delay: float = forbidden("Departure delay; missing if cancelled", -120, 1440, "min")
    arr: datetime = forbidden("Actual arrival, New York time; missing without one", known=WITH_LABEL)
    arr_delay: float = forbidden("Arrival delay; missing without one", -180, 1440, "min", known=WITH_LABEL)
    late: bool = label("Arrived 15 minutes late or more; missing if cancelled or diverted")

    class Config:
        """No other column, and a flight has one origin, time, carrier and number."""

        strict = True
        unique = ["sched_dep", "carrier", "flight", "origin"]  # noqa: RUF012 - pandera's way to say it

    # The text of a check names its columns: a finding then shows their values.
    @pa.dataframe_check(error="arr is after dep")
    def arrives_after_departure(cls, data: pa.PolarsData) -> pl.LazyFrame:  # noqa: N805 - pandera's signature
        """An aircraft lands after it took off."""
        return data.lazyframe.select((pl.col("arr") > pl.col("dep")).fill_null(value=True))

    @pa.dataframe_check(error="weather_time is the hour before that of sched_dep")
    def weather_hour_matches(cls, data: pa.PolarsData) -> pl.LazyFrame:  # noqa: N805
        """Weather of a later hour would be a look into the future."""
        hour = pl.col("sched_dep").dt.truncate("1h") - pl.duration(hours=1)
        return data.lazyframe.select((pl.col("weather_time") == hour).fill_null(value=True))

    @pa.dataframe_check(error="late follows from arr_delay")
    def label_matches_delay(cls, data: pa.PolarsData) -> pl.LazyFrame:  # noqa: N805
        """The label is what its definition says, and missing exactly where the delay is."""
        return data.lazyframe.select(pl.col("late").eq_missing(pl.col("arr_delay") >= LATE_MINUTES))

    @pa.dataframe_check(error="arr needs a dep")
    def arrival_needs_departure(cls, data: pa.PolarsData) -> pl.LazyFrame:  # noqa: N805
        """A flight that never left cannot have arrived."""
        return data.lazyframe.select(pl.col("dep").is_not_null() | pl.col("arr").is_null())
