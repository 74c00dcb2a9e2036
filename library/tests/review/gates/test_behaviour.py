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
def test_a_model_must_move_the_way_that_the_domain_knows(expect, verdict):
    assert judged(rising, ("delay",), expect=expect, add=30) == verdict


def test_a_model_that_does_not_move_has_not_moved_the_wrong_way():
    assert judged(by_key, ("delay",), expect="up", add=30) == "pass"


def test_a_model_that_learnt_from_a_key_is_blocked():
    assert judged(by_key, ("key",), expect="invariance") == "blocked"
    assert judged(rising, ("key",), expect="invariance") == "pass"


def test_a_tolerance_is_a_tolerance():
    assert judged(rising, ("delay",), expect="down", add=1, tolerance=0.02) == "pass"


@pytest.mark.parametrize("column", ["no such", "key"])
def test_a_column_that_cannot_be_added_to_is_refused_by_name(column):
    with pytest.raises(ParamsError, match=column):
        judged(rising, (column,), expect="up", add=1)


def test_classes_have_no_up():
    def classes(rows):
        return np.tile([0.2, 0.8], (len(rows["delay"]), 1))

    with pytest.raises(ParamsError, match="several classes"):
        judged(classes, ("delay",), expect="up", add=1)
    assert judged(classes, ("key",), expect="invariance") == "pass"


@pytest.mark.parametrize("given", [{"expect": "up"}, {"expect": "invariance", "add": 1}])
def test_a_test_that_tests_nothing_is_refused(given):
    with pytest.raises(ValidationError, match="add"):
        Behaviour(reason="a test", columns=("delay",), **given)


def test_without_tests_the_gate_is_off():
    assert [str(check.verdict) for check in behaviour(rising, ROWS, {}, seed=1)] == ["off"]
