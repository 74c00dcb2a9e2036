"""The gate on data: a month in other units is blocked, seasons and noise are not."""

import numpy as np
import pytest
from review import cases

from merge_lane.metrics.drift import sketch
from merge_lane.review.gates.shift import seasons, shift
from merge_lane.settings.gates import Shift

GATE = Shift(reason="a test", numbers=0.5, categories=0.25, missing=0.15)
ROWS = 3000


def month(mean=50.0, missing=0.05, shares=(0.5, 0.3, 0.2), seed=1):
    random = np.random.default_rng(seed)
    numbers = random.normal(mean, 10, ROWS)
    numbers[random.random(ROWS) < missing] = np.nan
    texts = random.choice(np.array(["a", "b", "c"], dtype=object), ROWS, p=shares)
    return {"temp": sketch(numbers), "origin": sketch(texts)}


def year():
    """Six months with a season: 8 degrees from one to the next, up and down again."""
    return [month(mean=50 + 8 * step, seed=step) for step in (0, 1, 2, 3, 2, 1)]


def judged(changed, known=()):
    return cases.verdicts(shift(changed, list(known), GATE))


@pytest.mark.parametrize(
    ("change", "name"),
    [
        ({"mean": 60.0}, "shift:m temp"),
        ({"missing": 0.4}, "shift:m temp"),
        ({"shares": (0.1, 0.1, 0.8)}, "shift:m origin"),
    ],
    ids=["moved", "missing", "other-shares"],
)
def test_changed_month(change, name):
    """A month that differs from main's own is blocked."""
    assert judged({"m": (month(**change), month())}) == {name: "blocked"}


def test_redelivered_month():
    """A month that was delivered again with few changes passes."""
    assert judged({"m": (month(seed=2), month(seed=3))}) == {"shift": "pass"}


def test_new_month_of_the_season():
    """A new month of the season passes."""
    assert judged({"new": (month(mean=82, seed=9), None)}, year()) == {"shift": "pass"}


def test_new_month_in_other_units():
    """Fahrenheit read as Celsius: 20 instead of 68, within every range of the contract."""
    assert judged({"new": (month(mean=20, seed=9), None)}, year()) == {"shift:new temp": "blocked"}


def test_too_few_months():
    """With too few months to know the seasons, only the limits judge."""
    assert seasons(year()[:2]) == {}
    assert judged({"new": (month(mean=70), None)}, [month()]) == {"shift:new temp": "blocked"}


def test_first_month():
    """The first month ever has nothing to differ from."""
    assert judged({"new": (month(), None)}) == {"shift": "pass"}
