"""Every column of the example's contract says what it is, and the label is the official definition."""

from __future__ import annotations

from merge_lane.columns import Known, Role
from merge_lane.contract import LATE_MINUTES, Contract

DTYPES = {"int", "float", "str", "bool", "datetime"}


def test_every_column_has_a_role_a_moment_and_a_description(contract):
    for column in contract:
        assert isinstance(column.role, Role)
        assert isinstance(column.known, Known)
        assert column.dtype in DTYPES
        assert len(column.description) > 3, column.name


def test_every_number_that_a_caller_sends_has_limits_and_every_text_has_a_form(contract):
    for column in contract.request:
        if column.dtype in ("int", "float"):
            assert column.minimum < column.maximum, column.name
        if column.dtype == "str":
            assert column.allowed or column.pattern, column.name


def test_every_required_column_has_an_example_within_its_own_limits(contract):
    for column in contract.request:
        assert column.nullable or column.example is not None, column.name
        if column.example is not None and column.minimum is not None:
            assert column.minimum <= column.example <= column.maximum, column.name


def test_what_is_known_after_the_decision_is_forbidden_or_the_label(contract):
    late = {c.name: c.role for c in contract if not c.known.in_time}
    assert late.pop("late") is Role.LABEL
    assert late == dict.fromkeys(["dep", "dep_delay", "arr", "arr_delay"], Role.FORBIDDEN)


def test_late_is_15_minutes_as_the_department_of_transportation_says():
    assert LATE_MINUTES == 15


def test_a_flight_has_one_time_carrier_number_and_origin():
    assert Contract.to_schema().unique == ["sched_dep", "carrier", "flight", "origin"]
