"""The toy's columns as a contract."""

from __future__ import annotations

from datetime import datetime

import pandera.polars as pa

from merge_lane.data.columns import Known, Role
from merge_lane.data.schema import column


class Contract(pa.DataFrameModel):
    """One parcel on its way."""

    parcel: int = column(Role.KEY, Known.IN_ADVANCE, "Parcel", minimum=1, maximum=9999, example=1545)
    sched_dep: datetime = column(Role.TIME, Known.IN_ADVANCE, "Start", example="2013-01-01T05:15:00")
    courier: str = column(Role.FEATURE, Known.IN_ADVANCE, "Courier", allowed=("AA", "B6", "UA"), example="UA")
    dest: str = column(Role.FEATURE, Known.IN_ADVANCE, "End", pattern=r"^[A-Z]{3}$", example="IAH")
    distance: float = column(
        Role.FEATURE, Known.IN_ADVANCE, "Route", minimum=0, maximum=6000, unit="miles", example=1400.0
    )
    wind: float = column(
        Role.FEATURE, Known.AT_DECISION, "Wind", nullable=True, minimum=0, unit="mph", example=10.4
    )
    holiday: bool = column(Role.FEATURE, Known.IN_ADVANCE, "Holiday", example=False)
    late_start: float = column(Role.FORBIDDEN, Known.AFTER_DECISION, "Delay of the start", nullable=True)
    late: bool = column(Role.LABEL, Known.WITH_LABEL, "Late", nullable=True)

    class Config:
        """No other column."""

        strict = True
