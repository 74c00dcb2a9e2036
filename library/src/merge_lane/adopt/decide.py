"""Decide what each column is for: target, key, time, feature, or left out and why."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import polars as pl

from merge_lane.adopt import identifiers, leak, options
from merge_lane.adopt.survey import MIN_ROWS
from merge_lane.data.columns import Known, Role
from merge_lane.errors import AdoptError

if TYPE_CHECKING:
    from collections.abc import Collection

    import numpy as np

    from merge_lane.adopt.survey import Profile, Survey

MAX_CLASSES = 20
CLOSED_VALUES = 12
"""A text column with so few values, each of them frequent, has a closed vocabulary."""

CLOSED_MIN_ROWS = 5
IDENTIFYING_SHARE = 0.5
"""A text with more distinct values than this share of the rows identifies rows; a model cannot use it."""

NUMBERING_SHARE = 0.9  # the number of distinct values is an estimate
RANGE_MARGIN = 0.5
"""Limits lie this share of the range beyond it: new data may go further, a slipped decimal may not."""

DIGITS = 4


@dataclass(frozen=True)
class Decision:
    """What a column becomes in the new contract."""

    profile: Profile
    attribute: str
    role: Role
    known: Known
    reason: str = ""
    minimum: float | None = None
    maximum: float | None = None
    allowed: tuple[Any, ...] | None = None

    @property
    def name(self) -> str:
        """The column's name in the table."""
        return self.profile.name


@dataclass(frozen=True)
class Decisions:
    """The whole table: task, columns, key, and the positive value of a binary target."""

    task: str
    columns: tuple[Decision, ...]
    positive: Any = None
    unique: tuple[str, ...] = ()

    def having(self, role: Role) -> list[Decision]:
        """Return the columns of a role."""
        return [column for column in self.columns if column.role is role]

    @property
    def target(self) -> Decision:
        """The label."""
        return self.having(Role.LABEL)[0]

    @property
    def time(self) -> Decision | None:
        """The time column, where there is one."""
        return next(iter(self.having(Role.TIME)), None)


def decide(
    survey: Survey, target: str, time: str | None, keys: Collection[str], *, positive: str | None = None
) -> Decisions:
    """Decide the role of every column. Raises AdoptError where a named column or value is missing or unfit.

    `positive` names the value of a binary target that counts as true, where it is not the obvious one.
    """
    options.check(survey, target, time, keys)
    task, value = task_of(survey.columns[target], survey.rows)
    if positive is not None:
        value = options.positive(survey.columns[target], task, positive)
    codes, labelled = codes_of(survey.sample, survey.columns[target], task, value)
    columns, taken = [], set[str]()
    for profile in survey.columns.values():
        role, reason = _role(profile, target, time, keys)
        known = Known.WITH_LABEL if role is Role.LABEL else Known.AT_DECISION
        if role is Role.FEATURE and (leaks := leak.reason(labelled[profile.name], profile, codes, task)):
            role, known, reason = Role.FORBIDDEN, Known.AFTER_DECISION, leaks
        columns.append(_decision(profile, role, known, reason, taken))
    _refuse_nothing_left(columns)
    return Decisions(task, tuple(columns), value, tuple(keys))


def _refuse_nothing_left(columns: list[Decision]) -> None:
    if not any(column.role is Role.FEATURE for column in columns):
        raise AdoptError(
            "No column is left as a feature.",
            where=", ".join(f"{c.name} ({c.reason})" for c in columns if c.reason)[:500],
            next="bring a table with columns that are known before the target is",
        )


def task_of(target: Profile, rows: int) -> tuple[str, Any]:
    """Return the task that fits the target, and the value that counts as positive in a binary one."""
    _refuse_target(target)
    if target.distinct == 2:  # noqa: PLR2004 - two classes
        assert target.values is not None
        return "binary", sorted(target.values)[1]
    few = target.distinct <= MAX_CLASSES and target.values is not None
    if target.dtype == "str" and not few:
        raise AdoptError(
            f"The target {target.name} is text with {target.distinct:,} values in {rows:,} rows.",
            where=f"column {target.name}",
            next=f"choose a target of at most {MAX_CLASSES} classes, or a number",
        )
    whole = target.dtype == "int" and few and target.distinct * MAX_CLASSES <= rows
    return ("multiclass" if target.dtype == "str" or whole else "regression"), None


def _refuse_target(target: Profile) -> None:
    """Raise AdoptError for a target that is constant, too rarely known, or a time."""
    where = f"column {target.name}"
    if target.distinct < 2:  # noqa: PLR2004 - a model needs two classes
        value = target.values[0] if target.values else "missing"
        raise AdoptError(
            f"The target {target.name} is {value} in every row: there is nothing to predict.",
            where=where,
            next="choose a target that varies, or bring rows of the other class too",
        )
    if target.rows - target.missing < MIN_ROWS:
        raise AdoptError(
            f"Only {target.rows - target.missing} rows have a value of the target {target.name}.",
            where=where,
            next=f"bring at least {MIN_ROWS} rows whose outcome is known",
        )
    if target.dtype == "datetime":
        raise AdoptError(
            f"The target {target.name} is a time.", where=where, next="predict a duration or a class"
        )


def codes_of(
    sample: pl.DataFrame, target: Profile, task: str, positive: Any
) -> tuple[np.ndarray, pl.DataFrame]:
    """Return the labels of the sample's labelled rows as float64 codes, and those rows."""
    rows = sample.filter(pl.col(target.name).is_not_null())
    values = rows[target.name]
    if task == "binary":
        return (values == positive).cast(pl.Float64).to_numpy(), rows
    if task == "multiclass":
        return values.cast(pl.String).rank("dense").cast(pl.Float64).to_numpy() - 1, rows
    return values.cast(pl.Float64).to_numpy(), rows


def _role(column: Profile, target: str, time: str | None, keys: Collection[str]) -> tuple[Role, str]:
    named: dict[str | None, Role] = {**dict.fromkeys(keys, Role.KEY), time: Role.TIME, target: Role.LABEL}
    if column.name in named:
        return named[column.name], ""
    reason = _useless(column)
    return (Role.FORBIDDEN, f"left out: {reason}") if reason else (Role.FEATURE, "")


def _useless(column: Profile) -> str:
    """Return why a model cannot use a column, or nothing."""
    rows = column.rows
    if column.missing == rows:
        return "it has no value at all"
    if column.distinct < 2 and not column.missing:  # noqa: PLR2004 - a constant
        return "it is the same in every row"
    if column.dtype == "str" and column.distinct > IDENTIFYING_SHARE * (rows - column.missing):
        return "nearly every row has a value of its own"
    if column.dtype == "int" and column.distinct > NUMBERING_SHARE * rows and _counts_up(column):
        return "it numbers the rows"
    return ""


def _counts_up(column: Profile) -> bool:
    """Return True for a number that runs through about as many whole values as there are rows."""
    return column.maximum is not None and column.maximum - column.minimum < 1.1 * column.rows


def _decision(profile: Profile, role: Role, known: Known, reason: str, taken: set[str]) -> Decision:
    minimum, maximum = _limits(profile) if role is Role.FEATURE else (None, None)
    closed = _closed(profile) if role is Role.FEATURE else None
    attribute = identifiers.attribute(profile.name, taken)
    return Decision(profile, attribute, role, known, reason, minimum, maximum, closed)


def _limits(column: Profile) -> tuple[float | None, float | None]:
    """Return limits wider than the values; what was never negative stays so."""
    if column.dtype not in ("int", "float") or column.minimum is None:
        return None, None
    margin = RANGE_MARGIN * max(column.maximum - column.minimum, 1)
    if column.dtype == "int":
        margin = math.ceil(margin)
    low = 0 if column.minimum >= 0 else column.minimum - margin
    high = column.maximum + margin
    if column.dtype == "int":
        return low, high
    return min(_rounded(low), column.minimum), max(_rounded(high), column.maximum)


def _rounded(value: float) -> float:
    return float(f"{value:.{DIGITS}g}")


def _closed(column: Profile) -> tuple[Any, ...] | None:
    if column.dtype != "str" or column.values is None or len(column.values) > CLOSED_VALUES:
        return None
    return tuple(sorted(column.values)) if min(column.counts) >= CLOSED_MIN_ROWS else None
