"""Every column of the contract says what it is, whatever the table."""

from __future__ import annotations

from merge_lane.data.columns import Known, Role

DTYPES = {"int", "float", "str", "bool", "datetime"}


def test_every_column_has_a_role_a_moment_and_a_description(contract):
    for column in contract:
        assert isinstance(column.role, Role)
        assert isinstance(column.known, Known)
        assert column.dtype in DTYPES
        assert len(column.description) > 3, column.name


def test_every_required_column_has_an_example_within_its_own_limits(contract):
    for column in contract.request:
        assert column.nullable or column.example is not None, column.name
        if column.example is not None:
            assert column.minimum is None or column.minimum <= column.example, column.name
            assert column.maximum is None or column.example <= column.maximum, column.name
            assert column.allowed is None or column.example in column.allowed, column.name


def test_limits_are_in_order(contract):
    for column in contract:
        if column.minimum is not None and column.maximum is not None:
            assert column.minimum < column.maximum, column.name


def test_what_is_known_after_the_decision_is_forbidden_or_the_label(contract):
    late = {c.role for c in contract if not c.known.in_time}
    assert Role.LABEL in late
    assert late <= {Role.LABEL, Role.FORBIDDEN}
