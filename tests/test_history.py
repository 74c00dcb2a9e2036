"""The example's history and features: no row sees its future, and known dates give known numbers."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from merge_lane.data import rows as plain
from merge_lane.data import tables

from flight_board import features
from flight_board.contract import LATE_MINUTES, Contract

pytestmark = pytest.mark.example

ORIGINS = ["EWR", "JFK", "LGA"]
WINDOWS = {"origin_delay_1h": 60, "origin_delay_3h": 180}


def minutes(values):
    return np.datetime64("2013-01-01T00:00", "us") + np.asarray(values) * np.timedelta64(60_000_000, "us")


@st.composite
def flights(draw):
    """A few days of departures, some cancelled, as `history` gets them."""
    rows = draw(
        st.lists(
            st.tuples(st.integers(0, 600), st.sampled_from(ORIGINS), st.none() | st.integers(-20, 400)),
            min_size=1,
            max_size=40,
        )
    )
    scheduled, origins, delays = zip(*rows, strict=True)
    delay = np.array([np.nan if value is None else value for value in delays], dtype=np.float64)
    departed = minutes(scheduled) + np.nan_to_num(delay).astype(np.int64) * np.timedelta64(60_000_000, "us")
    departed[np.isnan(delay)] = np.datetime64("NaT")
    return {
        "sched_dep": minutes(scheduled),
        "origin": np.array(origins, dtype=object),
        "dep": departed,
        "dep_delay": delay,
    }


def naive(rows):
    """Return what `history` means: a look at every pair of rows."""
    means = {name: [] for name in WINDOWS}
    for scheduled, origin in zip(rows["sched_dep"], rows["origin"], strict=True):
        decision = scheduled - np.timedelta64(60, "m")
        for name, length in WINDOWS.items():
            seen = [
                min(delay, 300.0)
                for there, dep, delay in zip(rows["origin"], rows["dep"], rows["dep_delay"], strict=True)
                if there == origin and decision - np.timedelta64(length, "m") < dep <= decision
            ]
            means[name].append(np.mean(seen) if seen else np.nan)
    return {name: np.array(values) for name, values in means.items()}


def same(one, other):
    for name in WINDOWS:
        np.testing.assert_allclose(one[name], other[name], rtol=1e-9, atol=1e-9)


@given(flights())
@settings(max_examples=60, deadline=None)
def test_history_is_the_mean_of_earlier_departures(rows):
    """The fast history equals the naive one on any rows."""
    same(features.history(rows), naive(rows))


def test_history_of_real_rows(month):
    """The fast history equals the naive one on real rows."""
    rows = tables.to_arrays(month("2013-01").head(600), ["sched_dep", "origin", "dep", "dep_delay"])
    same(features.history(rows), naive(rows))


@given(flights(), st.integers(0, 700), st.randoms(use_true_random=False))
@settings(max_examples=60, deadline=None)
def test_future_changes_nothing(rows, moment, random):
    """Whatever happens after a moment: every row that is decided by then keeps its history."""
    now = minutes(moment)
    later = ~(rows["dep"] <= now)
    changed = {name: values.copy() for name, values in rows.items()}
    for index in np.flatnonzero(later):
        ahead = np.timedelta64(random.randint(1, 10_000), "m")
        changed["dep"][index] = now + ahead if random.random() < 0.8 else np.datetime64("NaT")
        changed["dep_delay"][index] = random.uniform(-60, 900)
    decided = rows["sched_dep"] - features.DECISION <= now
    before, after = features.history(rows), features.history(changed)
    for name in WINDOWS:
        np.testing.assert_array_equal(before[name][decided], after[name][decided])


@pytest.mark.parametrize("delay", [30.0, 10.0])
def test_past_changes_history(delay):
    """The proof above would be worth nothing for a history that never changes."""
    rows = {
        "sched_dep": minutes([0, 120]),
        "origin": np.array(["JFK", "JFK"], dtype=object),
        "dep": minutes([30, 120]),
        "dep_delay": np.array([delay, 0.0]),
    }
    assert features.history(rows)["origin_delay_1h"][1] == delay


def built(contract, **values):
    """Return the features of the contract's example with other values."""
    rows = plain.arrays(contract, [{**plain.example(contract), **values}])
    return {name: feature[0] for name, feature in features.build(rows).items()}


def test_known_date_gives_known_numbers(contract):
    """A Monday afternoon and an aircraft of 2004, computed by hand."""
    one = built(contract, sched_dep="2013-07-01T17:30", sched_arr="2013-07-01T18:47", built=2004)
    assert (one["weekday"], one["minute_of_day"]) == (0, 17 * 60 + 30)
    assert (one["scheduled_minutes"], one["aircraft_age"]) == (77, 9)


@pytest.mark.parametrize(("day", "weekday"), [("2013-01-01", 1), ("2013-06-30", 6), ("2012-02-29", 2)])
def test_weekday_is_that_of_the_calendar(contract, day, weekday):
    """Monday is 0, in leap years too."""
    assert built(contract, sched_dep=f"{day}T23:59")["weekday"] == weekday


def test_outcome_is_forbidden(contract):
    """Departure and arrival are known after the decision; only the label comes from them."""
    late = {column.name for column in contract if not column.known.in_time}
    assert late == {"dep", "dep_delay", "arr", "arr_delay", "late"}


def test_late_is_15_minutes():
    """The definition of the U.S. Department of Transportation."""
    assert LATE_MINUTES == 15


def test_key_of_a_flight():
    """A flight has one time, carrier, number and origin."""
    assert set(Contract.to_schema().unique) == {"sched_dep", "carrier", "flight", "origin"}
