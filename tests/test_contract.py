"""Every column of the example's contract says what it is, and the label is the official definition."""

from __future__ import annotations

from merge_lane.data.columns import Role

from flight_board.contract import LATE_MINUTES, Contract


def test_every_number_that_a_caller_sends_has_limits_and_every_text_has_a_form(contract):
    for column in contract.request:
        if column.dtype in ("int", "float"):
            assert column.minimum < column.maximum, column.name
        if column.dtype == "str":
            assert column.allowed or column.pattern, column.name


def test_what_is_known_after_the_decision_is_forbidden_or_the_label(contract):
    late = {c.name: c.role for c in contract if not c.known.in_time}
    assert late.pop("late") is Role.LABEL
    assert late == dict.fromkeys(["dep", "dep_delay", "arr", "arr_delay"], Role.FORBIDDEN)


def test_late_is_15_minutes_as_the_department_of_transportation_says():
    assert LATE_MINUTES == 15


def test_a_flight_has_one_time_carrier_number_and_origin():
    assert Contract.to_schema().unique == ["sched_dep", "carrier", "flight", "origin"]
