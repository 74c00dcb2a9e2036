"""The contract beside main's: narrowing breaks callers, widening does not."""

import pytest
from review import cases

from merge_lane.data.columns import Known, Role
from merge_lane.review.gates.compatibility import changes, compatibility
from merge_lane.settings.gates import Gate

GATE = Gate(reason="a test")
BEFORE = {"minimum": 0, "maximum": 10, "allowed": ("a", "b"), "nullable": True}


def breaking(before, after):
    return [c.what for c in changes(cases.schema(*before), cases.schema(*after)) if c.breaking]


def test_a_removed_column_is_blocked_and_named():
    found = changes(cases.schema(cases.column("seats"), cases.column("x")), cases.schema(cases.column("x")))
    (check,) = compatibility(found, GATE)
    assert (check.name, str(check.verdict)) == ("compatibility:seats", "blocked")


def test_an_unchanged_contract_passes():
    (check,) = compatibility(changes(cases.schema(cases.column("x")), cases.schema(cases.column("x"))), GATE)
    assert str(check.verdict) == "pass"


@pytest.mark.parametrize(
    "narrowed",
    [
        {"minimum": 1},
        {"maximum": 9},
        {"allowed": ("a",)},
        {"nullable": False},
        {"dtype": "int"},
        {"pattern": "x"},
        {"unit": "km"},
        {"role": Role.FORBIDDEN},
        {"known": Known.AFTER_DECISION},
    ],
    ids=lambda change: next(iter(change)),
)
def test_a_narrowed_column_breaks_callers(narrowed):
    assert breaking([cases.column("x", **BEFORE)], [cases.column("x", **{**BEFORE, **narrowed})])


@pytest.mark.parametrize(
    "widened",
    [
        {"minimum": -1},
        {"minimum": None},
        {"maximum": 11},
        {"allowed": ("a", "b", "c")},
        {"allowed": None},
        {"role": Role.KEY},
    ],
    ids=str,
)
def test_a_widened_column_breaks_nobody(widened):
    assert not breaking([cases.column("x", **BEFORE)], [cases.column("x", **{**BEFORE, **widened})])


def test_a_new_column_breaks_callers_only_where_it_is_required():
    optional, required = cases.column("new", nullable=True), cases.column("new")
    assert not breaking([], [optional])
    assert breaking([], [required]) == ["added, required"]


def test_a_column_that_nobody_sends_may_go():
    late = cases.column("late_start", role=Role.FORBIDDEN, known=Known.AFTER_DECISION)
    assert not breaking([late], [])


def test_another_type_of_the_label_breaks_those_who_read_predictions():
    before, after = cases.schema(), cases.schema()
    after = type(after)((cases.column("y", role=Role.LABEL, known=Known.WITH_LABEL, dtype="str"),))
    assert [c.breaking for c in changes(before, after)] == [True]


def test_without_a_contract_on_main_the_gate_is_off():
    (check,) = compatibility(None, GATE)
    assert str(check.verdict) == "off"
