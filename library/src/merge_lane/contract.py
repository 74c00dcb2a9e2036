"""What a project's contract.py imports: one helper for each kind of column.

Each helper returns the pandera field of one column; the annotation next to it gives the type (int, float,
str, bool or datetime). All helpers share these arguments:

    description   what the column means, for people; the API's documentation shows it
    low, high     the least and the greatest value that may occur
    unit          unit of the values, e.g. "km"
    known         when the value is known: "in advance", "at decision", "after decision" or "with label"
    missing       True where values may be missing, or a text that says when, e.g. "if it was cancelled"
    example       a value as a caller of the API sends it; needed where the value must not be missing
    name          name of the column in the data, where it differs from the name of the attribute
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from merge_lane.data.columns import Known, Role
from merge_lane.data.schema import column
from merge_lane.errors import ContractError

__all__ = [
    "Known",
    "Role",
    "category",
    "derived",
    "event_time",
    "excluded",
    "flag",
    "key",
    "label",
    "measured",
    "moment",
    "outcome",
]

When = Literal["in advance", "at decision", "after decision", "with label"] | Known
Missing = bool | str
Number = int | float


def key(
    description: str,
    low: Number | None = None,
    high: Number | None = None,
    *,
    pattern: str | None = None,
    known: When = "at decision",
    missing: Missing = False,
    example: Any = None,
    name: str | None = None,
) -> Any:
    """Return a column that identifies a row, e.g. an order number. It is never used for training."""
    return _column(
        Role.KEY, known, description, missing,
        minimum=low, maximum=high, pattern=pattern, example=example, name=name,
    )  # fmt: skip


def event_time(
    description: str,
    example: str | None = None,
    *,
    known: When = "in advance",
    name: str | None = None,
) -> Any:
    """Return the time of the event that a row describes. It orders the rows: later months test the model.

    A contract has at most one. `example` is ISO text, e.g. "2024-05-31 17:30".
    """
    return _column(Role.TIME, known, description, missing=False, example=_iso(example), name=name)


def measured(
    description: str,
    low: Number | None = None,
    high: Number | None = None,
    unit: str = "",
    *,
    known: When = "at decision",
    missing: Missing = False,
    example: Number | None = None,
    name: str | None = None,
) -> Any:
    """Return a number that may become a feature: a size, a count, an amount."""
    return _column(
        Role.FEATURE, known, description, missing,
        minimum=low, maximum=high, unit=unit, example=example, name=name,
    )  # fmt: skip


def category(
    description: str,
    allowed: tuple[str | int, ...] | str | None = None,
    *,
    known: When = "at decision",
    missing: Missing = False,
    example: str | int | None = None,
    name: str | None = None,
) -> Any:
    """Return a text or code that may become a feature.

    `allowed` is a tuple of all values, or a regular expression that every value matches. With a tuple the
    vocabulary is closed; otherwise it is open, and the model treats a new value as missing.
    """
    values = {"pattern": allowed} if isinstance(allowed, str) else {"allowed": allowed}
    return _column(Role.FEATURE, known, description, missing, **values, example=example, name=name)


def flag(
    description: str,
    *,
    known: When = "at decision",
    missing: Missing = False,
    example: bool | None = None,
    name: str | None = None,
) -> Any:
    """Return a truth value that may become a feature."""
    return _column(Role.FEATURE, known, description, missing, example=example, name=name)


def moment(
    description: str,
    example: str | None = None,
    *,
    known: When = "at decision",
    missing: Missing = False,
    name: str | None = None,
) -> Any:
    """Return a point in time from which features may be built. `example` is ISO text, as in `event_time`."""
    return _column(Role.FEATURE, known, description, missing, example=_iso(example), name=name)


def derived(
    description: str,
    low: Number | None = None,
    high: Number | None = None,
    unit: str = "",
    *,
    missing: Missing = False,
    example: Number | None = None,
    name: str | None = None,
) -> Any:
    """Return a number that `features.history` computes from earlier rows.

    It is not in the raw data; a caller of the API sends it.
    """
    return _column(
        Role.FEATURE, Known.AT_DECISION, description, missing,
        minimum=low, maximum=high, unit=unit, example=example, derived=True, name=name,
    )  # fmt: skip


def outcome(
    description: str,
    low: Number | None = None,
    high: Number | None = None,
    unit: str = "",
    *,
    known: When = "after decision",
    missing: Missing = False,
    name: str | None = None,
) -> Any:
    """Return a value that is known only after the decision. The model never sees it."""
    return _column(
        Role.FORBIDDEN, known, description, missing, minimum=low, maximum=high, unit=unit, name=name
    )


def excluded(
    description: str,
    low: Number | None = None,
    high: Number | None = None,
    unit: str = "",
    *,
    missing: Missing = False,
    name: str | None = None,
) -> Any:
    """Return a value that the model must not use although it is known in time, e.g. a protected attribute."""
    return _column(
        Role.FORBIDDEN,
        Known.AT_DECISION,
        description,
        missing,
        minimum=low,
        maximum=high,
        unit=unit,
        name=name,
    )


def label(description: str, *, missing: Missing = False, name: str | None = None) -> Any:
    """Return what the model predicts. A contract has exactly one; rows without a label do not train."""
    return _column(Role.LABEL, Known.WITH_LABEL, description, missing, name=name)


def _column(role: Role, known: When, description: str, missing: Missing, **rest: Any) -> Any:
    text = f"{description}; missing {missing}" if isinstance(missing, str) else description
    return column(text, role=role, known=_known(known), nullable=bool(missing), **rest)


def _known(when: When) -> Known:
    try:
        return Known(when.replace(" ", "_"))
    except ValueError as error:
        raise ContractError(
            f"A column is known {when!r}.",
            where="contract.py",
            next='write "in advance", "at decision", "after decision" or "with label"',
        ) from error


def _iso(example: str | None) -> str | None:
    """Return a time in the form that the API reads. Raises ContractError for anything else."""
    try:
        return None if example is None else datetime.fromisoformat(example).isoformat()
    except (TypeError, ValueError) as error:
        raise ContractError(
            f"The example {example!r} is not a time.",
            where="contract.py",
            next='write it as "2024-05-31 17:30"',
        ) from error
