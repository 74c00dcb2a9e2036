"""The example's features: no row sees its future, and known dates give known numbers."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from merge_lane.data import tables
from merge_lane.errors import LeakError
from merge_lane.model import inputs

from flight_board import features

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
    """Look at every pair of rows: what `history` means, without any trick."""
    found = {name: [] for name in WINDOWS}
    for scheduled, origin in zip(rows["sched_dep"], rows["origin"], strict=True):
        decision = scheduled - np.timedelta64(60, "m")
        for name, length in WINDOWS.items():
            seen = [
                min(delay, 300.0)
                for there, dep, delay in zip(rows["origin"], rows["dep"], rows["dep_delay"], strict=True)
                if there == origin and decision - np.timedelta64(length, "m") < dep <= decision
            ]
            found[name].append(np.mean(seen) if seen else np.nan)
    return {name: np.array(values) for name, values in found.items()}


def same(one, other):
    for name in WINDOWS:
        np.testing.assert_allclose(one[name], other[name], rtol=1e-9, atol=1e-9)


@given(flights())
@settings(max_examples=60, deadline=None)
def test_history_is_the_mean_over_every_pair_of_rows(rows):
    same(features.history(rows), naive(rows))


def test_history_is_the_mean_over_every_pair_of_real_rows(month):
    names = ["sched_dep", "origin", "dep", "dep_delay"]
    rows = tables.to_arrays(month("2013-01").head(600), names)
    found = features.history(rows)
    same(found, naive(rows))
    assert np.isfinite(found["origin_delay_1h"]).mean() > 0.5


@given(flights(), st.integers(0, 700), st.randoms(use_true_random=False))
@settings(max_examples=60, deadline=None)
def test_shifting_the_future_changes_nothing(rows, moment, random):
    """Whatever happens after a moment: every row that is decided by then keeps its history."""
    now = minutes(moment)
    later = ~(rows["dep"] <= now)
    changed = {name: values.copy() for name, values in rows.items()}
    for place in np.flatnonzero(later):
        ahead = np.timedelta64(random.randint(1, 10_000), "m")
        changed["dep"][place] = now + ahead if random.random() < 0.8 else np.datetime64("NaT")
        changed["dep_delay"][place] = random.uniform(-60, 900)
    decided = rows["sched_dep"] - features.DECISION <= now
    before, after = features.history(rows), features.history(changed)
    for name in WINDOWS:
        np.testing.assert_array_equal(before[name][decided], after[name][decided])


def test_shifting_the_future_of_a_real_month_changes_no_earlier_row(month, contract):
    rows = month("2013-01")
    raw = tables.to_arrays(rows, ["sched_dep", "origin", "dep", "dep_delay"])
    now = np.datetime64("2013-01-16T17:00", "us")
    later = raw["dep"] > now
    assert later.sum() > 5_000
    changed = {**raw, "dep": raw["dep"].copy(), "dep_delay": raw["dep_delay"].copy()}
    changed["dep"][later] += np.timedelta64(90, "m")
    changed["dep_delay"][later] = 999.0
    decided = raw["sched_dep"] - features.DECISION <= now
    before, after = features.history(raw), features.history(changed)
    for name in (c.name for c in contract if c.derived):
        np.testing.assert_array_equal(before[name][decided], after[name][decided])
        assert not np.array_equal(before[name][~decided], after[name][~decided], equal_nan=True)


def test_the_past_does_change_history():
    """The proof above would be worth nothing for a history that never changes."""
    rows = {
        "sched_dep": minutes([0, 120]),
        "origin": np.array(["JFK", "JFK"], dtype=object),
        "dep": minutes([30, 120]),
        "dep_delay": np.array([30.0, 0.0]),
    }
    assert features.history(rows)["origin_delay_1h"].tolist()[1] == 30.0
    rows["dep_delay"] = np.array([10.0, 0.0])
    assert features.history(rows)["origin_delay_1h"].tolist()[1] == 10.0


@pytest.fixture(scope="module")
def request_rows(month, contract):
    rows = inputs.with_history(month("2013-01").sample(300, seed=1), contract)
    return tables.to_arrays(rows, [c.name for c in contract.request])


def test_known_dates_give_known_numbers(request_rows):
    one = {name: values[:1].copy() for name, values in request_rows.items()}
    one["sched_dep"] = np.array(["2013-07-01T17:30"], dtype="datetime64[us]")  # a Monday
    one["sched_arr"] = np.array(["2013-07-01T18:47"], dtype="datetime64[us]")
    one["built"] = np.array([2004.0])
    built = {name: values[0] for name, values in features.build(one).items()}
    assert built["weekday"] == 0
    assert built["minute_of_day"] == 17 * 60 + 30
    assert built["scheduled_minutes"] == 77
    assert built["aircraft_age"] == 9


@pytest.mark.parametrize(("day", "weekday"), [("2013-01-01", 1), ("2013-06-30", 6), ("2012-02-29", 2)])
def test_the_weekday_is_that_of_the_calendar(request_rows, day, weekday):
    one = {name: values[:1].copy() for name, values in request_rows.items()}
    one["sched_dep"] = np.array([f"{day}T23:59"], dtype="datetime64[us]")
    assert features.build(one)["weekday"][0] == weekday


def test_a_missing_year_of_the_aircraft_is_a_missing_age(request_rows):
    one = {name: values[:1].copy() for name, values in request_rows.items()}
    one["built"] = np.array([np.nan])
    assert np.isnan(features.build(one)["aircraft_age"][0])


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("dep_delay", "it is forbidden, known after decision"),
        ("arr", "it is forbidden, known with label"),
        ("late", "it is the label, known with label"),
    ],
)
def test_building_from_a_forbidden_column_is_refused_by_name(month, contract, monkeypatch, name, why):
    monkeypatch.setattr(features, "build", lambda rows: {"leak": rows[name]})
    rows = inputs.with_history(month("2013-01").head(50), contract)
    with pytest.raises(LeakError, match=f"asks for {name}: {why}") as caught:
        inputs.model_features(rows, contract)
    assert caught.value.exit_code == 13
