"""Raw rows -> features, one code path for training, batch and the API. Yours to change.

`history` looks back at earlier rows, point-in-time; `build` looks at one row only. Both work on
numpy arrays, so that serving runs this very file without the packages that training needs.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from merge_lane.features import Arrays

DECISION = np.timedelta64(60, "m")
"""The model is asked this long before the scheduled departure: later knowledge does not count."""

DELAY_CAP = 300.0  # minutes: one flight of the day after must not drown an airport's mean
THURSDAY = 3  # 1970-01-01 was a Thursday, Monday is 0


def history(rows: Arrays) -> Arrays:
    """Return the columns that earlier rows tell: the origin's mean departure delay as of the decision.

    `rows` are raw rows, in any order, of shape (n,) each. A departure counts where it *happened* in the
    one (three) hours up to the decision; nothing that happened later can change the result.
    """
    decision = rows["sched_dep"] - DECISION
    windows = {"origin_delay_1h": np.timedelta64(1, "h"), "origin_delay_3h": np.timedelta64(3, "h")}
    delays = {name: np.full(len(decision), np.nan) for name in windows}
    for origin in np.unique(rows["origin"].astype(str)):
        here = rows["origin"] == origin
        departed = here & ~np.isnat(rows["dep"])
        dep, delay = rows["dep"][departed], rows["dep_delay"][departed]
        for name, length in windows.items():
            delays[name][here] = _mean_before(dep, delay, decision[here], length)
    return delays


def _mean_before(
    happened: np.ndarray, delay: np.ndarray, moments: np.ndarray, length: np.timedelta64
) -> np.ndarray:
    """Return the mean delay (minutes) of events in (moment - length, moment], NaN where there is none."""
    order = np.argsort(happened, kind="stable")
    happened, total = happened[order], np.concatenate([[0.0], np.cumsum(np.minimum(delay[order], DELAY_CAP))])
    end = np.searchsorted(happened, moments, side="right")
    start = np.searchsorted(happened, moments - length, side="right")
    count = end - start
    return np.where(count > 0, (total[end] - total[start]) / np.maximum(count, 1), np.nan)


def build(rows: Arrays) -> Arrays:
    """Return the model's features of each row: float64 of shape (n,), or object of text.

    `rows` holds only what is known at the decision; asking for anything else is refused by name.
    """
    departure, day = rows["sched_dep"], rows["sched_dep"].astype("datetime64[D]")
    minutes = np.timedelta64(1, "m")
    return {
        "carrier": rows["carrier"],
        "origin": rows["origin"],
        "dest": rows["dest"],
        "weekday": (day.astype(np.int64) + THURSDAY).astype(np.float64) % 7,
        "minute_of_day": (departure - day) / minutes,
        "scheduled_minutes": (rows["sched_arr"] - departure) / minutes,
        "distance": rows["distance"],
        "aircraft_age": departure.astype("datetime64[Y]").astype(np.int64) + 1970 - rows["built"],
        "seats": rows["seats"],
        "temp": rows["temp"],
        "dewp": rows["dewp"],
        "humid": rows["humid"],
        "wind_dir": rows["wind_dir"],
        "wind_speed": rows["wind_speed"],
        "precip": rows["precip"],
        "pressure": rows["pressure"],
        "visib": rows["visib"],
        "origin_delay_1h": rows["origin_delay_1h"],
        "origin_delay_3h": rows["origin_delay_3h"],
    }
