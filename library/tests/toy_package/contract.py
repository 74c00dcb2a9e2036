"""The toy's columns as a contract."""

from __future__ import annotations

from datetime import datetime

import pandera.polars as pa

from merge_lane.contract import category, event_time, flag, key, label, measured, outcome


class Contract(pa.DataFrameModel):
    """One parcel on its way."""

    parcel: int = key("Parcel", 1, 9999, known="in advance", example=1545)
    sched_dep: datetime = event_time("Start", "2013-01-01 05:15")
    courier: str = category("Courier", ("AA", "B6", "UA"), known="in advance", example="UA")
    dest: str = category("End", r"^[A-Z]{3}$", known="in advance", example="IAH")
    distance: float = measured("Route", 0, 6000, "miles", known="in advance", example=1400.0)
    wind: float = measured("Wind", 0, unit="mph", missing=True, example=10.4)
    holiday: bool = flag("Holiday", known="in advance", example=False)
    late_start: float = outcome("Delay of the start", missing=True)
    late: bool = label("Late", missing=True)

    class Config:
        """No other column."""

        strict = True
