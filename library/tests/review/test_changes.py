"""What differs from main: months, parameters, columns."""

import pytest
from review import cases

from merge_lane.data.columns import Known, Role
from merge_lane.review import changes

BEFORE = {"minimum": 0, "maximum": 10, "allowed": ("a", "b"), "nullable": True}
PARAMS = b"data:\n  months:\n    - 2013-02\n    - 2013-03\n"


def breaking(before, after):
    found = changes.contract(cases.schema(*before), cases.schema(*after))
    return [change.what for change in found if change.breaking]


def test_months():
    """Each month is new, changed, removed or the same, by the hash of its raw file."""
    before, after = {"01": "a", "02": "b", "03": "c"}, {"02": "b", "03": "d", "04": "e"}
    listed = changes.months(before, after, {"04": {"rows": 7, "valid": True}})
    assert {one.month: one.what for one in listed} == {
        "01": "removed", "02": "same", "03": "changed", "04": "new",
    }  # fmt: skip
    assert (listed[-1].rows, listed[-1].valid) == (7, True)


def test_months_that_left_main():
    """dvc.lock of main still names a month that main's params.yaml no longer has: it is not removed now."""
    locked = {"2013-01": "a", "2013-02": "b", "2013-03": "c"}
    before = changes.used(locked, PARAMS)
    listed = changes.months(before, {"2013-03": "c"}, {})
    assert {one.month: one.what for one in listed} == {"2013-02": "removed", "2013-03": "same"}


@pytest.mark.parametrize("params", [None, b"", b"data: 1", b"data: {}", b"other: 1"])
def test_months_without_parameters(params):
    """Where main's params.yaml does not name months, all that its lock names count."""
    assert changes.used({"2013-01": "a"}, params) == {"2013-01": "a"}


def test_params():
    """Each key with another value is listed; None where a side does not have it."""
    listed = changes.params(b"a: {b: 1, c: 2}", b"a: {b: 3, d: x}")
    assert [(one.name, one.before, one.after) for one in listed] == [
        ("a.b", "1", "3"),
        ("a.d", None, '"x"'),
        ("a.c", "2", None),
    ]


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
    assert [c.breaking for c in changes.contract(before, after)] == [True]
