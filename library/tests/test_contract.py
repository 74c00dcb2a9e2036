"""The helpers of a contract: each kind of column has its role, and a mistake is named."""

from __future__ import annotations

from datetime import datetime

import pandera.polars as pa
import pytest

from merge_lane.contract import (
    Known,
    Role,
    category,
    derived,
    event_time,
    excluded,
    flag,
    key,
    label,
    measured,
    moment,
    outcome,
)
from merge_lane.data import schema
from merge_lane.errors import ContractError, LeakError


class Orders(pa.DataFrameModel):
    """One column of each kind."""

    number: int = key("Number of the order", 1, 9999, example=7)
    ordered: datetime = event_time("Time of the order", "2024-05-31 17:30")
    weight: float = measured("Weight", 0, 30, "kg", missing="until it is weighed", example=1.5)
    country: str = category("Country", ("DE", "FR"), known="in advance", example="DE")
    code: str = category("Code", r"^[A-Z]{2}$", example="AB")
    gift: bool = flag("Is a gift", example=False)
    promised: datetime = moment("Promised delivery", "2024-06-02", missing=True)
    recent: float = derived("Orders of the last day", 0, missing=True, example=3)
    age: int = excluded("Age of the customer")
    paid: float = outcome("Amount paid", 0, unit="EUR", name="paid (EUR)")
    returned: bool = label("Was returned", missing=True)


ROLES = {
    "number": (Role.KEY, Known.AT_DECISION),
    "ordered": (Role.TIME, Known.IN_ADVANCE),
    "weight": (Role.FEATURE, Known.AT_DECISION),
    "country": (Role.FEATURE, Known.IN_ADVANCE),
    "code": (Role.FEATURE, Known.AT_DECISION),
    "gift": (Role.FEATURE, Known.AT_DECISION),
    "promised": (Role.FEATURE, Known.AT_DECISION),
    "recent": (Role.FEATURE, Known.AT_DECISION),
    "age": (Role.FORBIDDEN, Known.AT_DECISION),
    "paid (EUR)": (Role.FORBIDDEN, Known.AFTER_DECISION),
    "returned": (Role.LABEL, Known.WITH_LABEL),
}


@pytest.fixture(scope="module")
def orders():
    return schema.read(Orders)


@pytest.mark.parametrize("name", ROLES)
def test_kind_sets_role_and_moment(orders, name):
    """The helper decides what a column is for and when it is known."""
    assert (orders[name].role, orders[name].known) == ROLES[name]


def test_range_and_unit_are_kept(orders):
    """`measured` reads as description, low, high, unit."""
    weight = orders["weight"]
    assert (weight.minimum, weight.maximum, weight.unit, weight.example) == (0, 30, "kg", 1.5)


def test_reason_of_missing_joins_the_description(orders):
    """A text in `missing` allows missing values and explains them."""
    assert orders["weight"].nullable
    assert orders["weight"].description == "Weight; missing until it is weighed"
    assert orders["promised"].description == "Promised delivery"


def test_tuple_closes_the_vocabulary(orders):
    """A tuple lists the values, a text is a pattern."""
    assert (orders["country"].allowed, orders["country"].pattern) == (("DE", "FR"), None)
    assert (orders["code"].allowed, orders["code"].pattern) == (None, "^[A-Z]{2}$")


def test_example_of_a_time_is_iso_text(orders):
    """People write a blank between date and time, the API reads a T."""
    assert orders["ordered"].example == "2024-05-31T17:30:00"
    assert orders["promised"].example == "2024-06-02T00:00:00"


def test_derived_column_is_not_raw(orders):
    """A raw month has no column that `features.history` computes."""
    assert [column.name for column in orders if column.derived] == ["recent"]
    assert "recent" not in [column.name for column in orders.raw]


def test_example_that_is_no_time_is_refused():
    """The message shows the example and how to write it."""
    with pytest.raises(ContractError, match="The example 'soon' is not a time") as refusal:
        moment("Promised delivery", "soon")
    assert refusal.value.exit_code == 12
    assert "2024-05-31 17:30" in refusal.value.next


def test_unknown_moment_is_refused():
    """A misspelt `known` is named, with the choice."""
    with pytest.raises(ContractError, match="A column is known 'later'") as refusal:
        measured("Weight", known="later")
    assert "after decision" in refusal.value.next


def test_measurement_of_the_outcome_is_refused():
    """A value that is known too late cannot be `measured`."""

    class Leaking(Orders):
        delay: float = measured("Delay", known="after decision")

    with pytest.raises(LeakError, match="Column delay cannot be a feature"):
        schema.read(Leaking)
