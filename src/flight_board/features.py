"""Raw rows -> features, one code path for training, batch and the API. Yours to change.

`history` looks back at earlier rows, point-in-time; `build` looks at one row only. Both work on
numpy arrays, so that serving runs this very file without the packages that training needs.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from merge_lane.features import Arrays

MINUTE = np.timedelta64(1, "m")
HOUR = np.timedelta64(1, "h")

DECISION = 60 * MINUTE
"""The model is asked this long before the scheduled departure: later knowledge does not count."""

WINDOWS = {"origin_delay_1h": HOUR, "origin_delay_3h": 3 * HOUR}
"""How far `history` looks back from the decision."""

DELAY_CAP = 300.0  # minutes: one flight of the day after must not drown an airport's mean

WEATHER = ("temp", "dewp", "humid", "wind_dir", "wind_speed", "precip", "pressure", "visib")
UNCHANGED = ("seats", *WEATHER, *WINDOWS)


def history(rows: Arrays) -> Arrays:
    """Return the derived columns: the mean departure delay at the origin in the hours before the decision.

    `rows` are raw rows, in any order, of shape (n,) each. A departure counts at the time when it happened,
    so nothing that happens after the decision changes the result.
    """
    decision, departed = rows["sched_dep"] - DECISION, ~np.isnat(rows["dep"])
    means = {name: np.full(len(decision), np.nan) for name in WINDOWS}
    for origin in np.unique(rows["origin"].astype(str)):
        here = rows["origin"] == origin
        times, delays = rows["dep"][here & departed], rows["dep_delay"][here & departed]
        for name, window in WINDOWS.items():
            means[name][here] = _mean_before(times, delays, decision[here], window)
    return means


def _mean_before(
    times: np.ndarray, delays: np.ndarray, moments: np.ndarray, window: np.timedelta64
) -> np.ndarray:
    """Return the mean delay (minutes) of events in (moment - window, moment], NaN where there is none."""
    order = np.argsort(times, kind="stable")
    total = np.concatenate([[0.0], np.cumsum(np.minimum(delays[order], DELAY_CAP))])
    start = np.searchsorted(times[order], moments - window, side="right")
    end = np.searchsorted(times[order], moments, side="right")
    count = end - start
    return np.where(count > 0, (total[end] - total[start]) / np.maximum(count, 1), np.nan)


def build(rows: Arrays) -> Arrays:
    """Return the model's features of each row: float64 of shape (n,), or object of text.

    `rows` holds only what is known at the decision; asking for anything else is refused by name.
    """
    departure, midnight = rows["sched_dep"], rows["sched_dep"].astype("datetime64[D]")
    return {
        "carrier": rows["carrier"],
        "origin": rows["origin"],
        "dest": rows["dest"],
        "weekday": _weekday(midnight),
        "minute_of_day": (departure - midnight) / MINUTE,
        "scheduled_minutes": (rows["sched_arr"] - departure) / MINUTE,
        "distance": rows["distance"],
        "aircraft_age": _year(departure) - rows["built"],
        **{name: rows[name] for name in UNCHANGED},
    }


def _weekday(days: np.ndarray) -> np.ndarray:
    """Return the day of the week, Monday 0."""
    return ((days.astype(np.int64) + 3) % 7).astype(np.float64)  # day 0, 1970-01-01, was a Thursday


def _year(times: np.ndarray) -> np.ndarray:
    return times.astype("datetime64[Y]").astype(np.int64) + 1970
