"""The toy's columns as a contract."""

from __future__ import annotations

from datetime import datetime  # noqa: TC003 - pandera reads the annotation at run time

import pandera.polars as pa

from merge_lane.contract import category, forbidden, key, label, measured, time


class Contract(pa.DataFrameModel):
    """One parcel on its way."""

    parcel: int = key("Parcel", 1, 9999, example=1545)
    sched_dep: datetime = time("Start", example="2013-01-01T05:15:00")
    courier: str = category("Courier", one_of=("AA", "B6", "UA"), example="UA")
    dest: str = category("End", pattern=r"^[A-Z]{3}$", example="IAH")
    distance: float = measured("Route", 0, 6000, "miles", nullable=False, example=1400.0)
    wind: float = measured("Wind", 0, unit="mph", example=10.4)
    holiday: bool = category("Holiday", example=False)
    late_start: float = forbidden("Delay of the start")
    late: bool = label("Late")

    class Config:
        """No other column."""

        strict = True
