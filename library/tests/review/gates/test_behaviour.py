"""Behaviour tests on the model: what must not move it, and what must move it one way."""

import numpy as np
import pytest
from pydantic import ValidationError

from merge_lane.errors import ParamsError
from merge_lane.review.gates.behaviour import behaviour
from merge_lane.settings.gates import Behaviour

ROWS = {"delay": np.linspace(0, 60, 500), "key": np.array([f"k{i}" for i in range(500)], dtype=object)}


def judged(predict, columns, **given):
    test = Behaviour(reason="a test", columns=columns, **given)
    (check,) = behaviour(predict, ROWS, {"test": test}, seed=1)
    return str(check.verdict)


def rising(rows):
    return rows["delay"] / 100


def by_key(rows):
    return np.array([float(key[1:]) for key in rows["key"]]) / 1000


@pytest.mark.parametrize(("expect", "verdict"), [("up", "pass"), ("down", "blocked")])
def test_direction(expect, verdict):
    """A model must move in the direction that the domain knows."""
    assert judged(rising, ("delay",), expect=expect, add=30) == verdict


def test_no_movement():
    """A model that does not move passes."""
    assert judged(by_key, ("delay",), expect="up", add=30) == "pass"


def test_key():
    """A model that uses a key is blocked."""
    assert judged(by_key, ("key",), expect="invariance") == "blocked"
    assert judged(rising, ("key",), expect="invariance") == "pass"


def test_tolerance():
    """A movement within the tolerance passes."""
    assert judged(rising, ("delay",), expect="down", add=1, tolerance=0.02) == "pass"


@pytest.mark.parametrize("column", ["no such", "key"])
def test_unknown_column(column):
    """A column that cannot be added to is refused by name."""
    with pytest.raises(ParamsError, match=column):
        judged(rising, (column,), expect="up", add=1)


def test_classes():
    """A direction is refused for a model of several classes."""

    def classes(rows):
        return np.tile([0.2, 0.8], (len(rows["delay"]), 1))

    with pytest.raises(ParamsError, match="several classes"):
        judged(classes, ("delay",), expect="up", add=1)
    assert judged(classes, ("key",), expect="invariance") == "pass"


@pytest.mark.parametrize("given", [{"expect": "up"}, {"expect": "invariance", "add": 1}])
def test_empty_test(given):
    """A test that tests nothing is refused."""
    with pytest.raises(ValidationError, match="add"):
        Behaviour(reason="a test", columns=("delay",), **given)


def test_no_tests():
    """Without tests the gate is off."""
    assert [str(check.verdict) for check in behaviour(rising, ROWS, {}, seed=1)] == ["off"]
