"""How a team writes its contract.py: one helper a kind of column, one line a column.

    class Contract(pa.DataFrameModel):
        ordered: datetime = time("When it was ordered", example="2026-01-31T12:00:00")
        shop: str = category("Shop", one_of=("Bern", "Rome"), example="Bern")
        weight: float = measured("Weight", 0, 500, "kg", example=12.5)
        returned: bool = label("Came back within 30 days")

A helper says what a column is for (`Role`) and when its value is known (`Known`, which can be overruled). A
number may be missing, everything else is there, unless `nullable` says otherwise. `name` is the column's name
where it is no Python identifier, or where it is the name of a helper that later lines still need.
"""

from __future__ import annotations

from typing import Any, Unpack

from merge_lane.data.columns import Known, Role
from merge_lane.data.schema import Facts, column

__all__ = ["Known", "Role", "category", "derived", "forbidden", "key", "label", "measured", "time"]

IN_ADVANCE, AT_DECISION = Known.IN_ADVANCE, Known.AT_DECISION


def key(about: str, low: float | None = None, high: float | None = None, **facts: Unpack[Facts]) -> Any:
    """Declare a column that identifies a row and is never used for training."""
    return column(about, role=Role.KEY, minimum=low, maximum=high, **_known(facts, IN_ADVANCE))


def time(about: str, **facts: Unpack[Facts]) -> Any:
    """Declare the column that orders the rows: it decides which months train and which test."""
    return column(about, role=Role.TIME, **_known(facts, IN_ADVANCE))


def category(about: str, **facts: Unpack[Facts]) -> Any:
    """Declare a text, a truth value or a moment that is known in advance.

    `one_of` closes the vocabulary, `pattern` leaves it open: an unseen value then counts as missing.
    """
    return column(about, role=Role.FEATURE, **_known(facts, IN_ADVANCE))


def measured(
    about: str,
    low: float | None = None,
    high: float | None = None,
    unit: str = "",
    **facts: Unpack[Facts],
) -> Any:
    """Declare a number between `low` and `high` in `unit`; it is known at the decision and may be missing."""
    return column(about, role=Role.FEATURE, minimum=low, maximum=high, unit=unit, **_number(facts))


def derived(
    about: str,
    low: float | None = None,
    high: float | None = None,
    unit: str = "",
    **facts: Unpack[Facts],
) -> Any:
    """Declare a number that `features.history` computes: not in the raw data, sent by a caller of the API."""
    numbers = _number(facts)
    return column(about, role=Role.FEATURE, minimum=low, maximum=high, unit=unit, derived=True, **numbers)


def forbidden(
    about: str,
    low: float | None = None,
    high: float | None = None,
    unit: str = "",
    **facts: Unpack[Facts],
) -> Any:
    """Declare what is known too late, or is left out on purpose: no feature can see it."""
    facts = {"nullable": True, **_known(facts, Known.AFTER_DECISION)}
    return column(about, role=Role.FORBIDDEN, minimum=low, maximum=high, unit=unit, **facts)


def label(about: str, **facts: Unpack[Facts]) -> Any:
    """Declare what is predicted; a row without it is not used for training."""
    facts = {"nullable": True, **_known(facts, Known.WITH_LABEL)}
    return column(about, role=Role.LABEL, **facts)


def _known(facts: Facts, known: Known) -> Facts:
    return {"known": known, **facts}


def _number(facts: Facts) -> Facts:
    return {"nullable": True, **_known(facts, AT_DECISION)}
