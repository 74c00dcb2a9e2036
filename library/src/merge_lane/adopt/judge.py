"""What each column is for: target, key, time, what may be learnt from, what is left out and why."""

from __future__ import annotations

import keyword
import re
import unicodedata
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pandera.polars as pa
import polars as pl

from merge_lane.adopt import naming, signal
from merge_lane.data.columns import Known, Role
from merge_lane.errors import AdoptError

if TYPE_CHECKING:
    from collections.abc import Collection

    import numpy as np

    from merge_lane.adopt.survey import Survey, Surveyed

MAX_CLASSES = 20
CLOSED_VALUES = 12
"""A text column with so few values, each of them frequent, has a closed vocabulary."""
CLOSED_MIN_ROWS = 5
IDENTIFYING_SHARE = 0.5
"""A text with more distinct values than this share of the rows identifies rows; it teaches nothing."""
NUMBERING_SHARE = 0.9  # the number of distinct values is an estimate
RANGE_MARGIN = 0.5
"""Limits lie this share of the seen range beyond it: new data may go further, a slipped decimal may not."""


@dataclass(frozen=True)
class Adopted:
    """A column of the new contract."""

    surveyed: Surveyed
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
        return self.surveyed.name


@dataclass(frozen=True)
class Judged:
    """The whole table: task, columns, and the positive value of a binary target that is not true or 1."""

    task: str
    columns: tuple[Adopted, ...]
    positive: Any = None
    unique: tuple[str, ...] = ()

    def having(self, role: Role) -> list[Adopted]:
        """Return the columns of a role."""
        return [column for column in self.columns if column.role is role]

    @property
    def target(self) -> Adopted:
        """The label."""
        return self.having(Role.LABEL)[0]

    @property
    def time(self) -> Adopted | None:
        """The time column, where there is one."""
        return next(iter(self.having(Role.TIME)), None)


def judge(
    survey: Survey, target: str, time: str | None, keys: Collection[str], *, positive: str | None = None
) -> Judged:
    """Decide the role of every column. Raises AdoptError where a named column or value is missing or unfit.

    `positive` names the value of a binary target that counts as true, where it is not the obvious one.
    """
    naming.check(survey, target, time, keys)
    task, value = task_of(survey.columns[target], survey.rows)
    if positive is not None:
        value = naming.positive(survey.columns[target], task, positive)
    codes, labelled = codes_of(survey.sample, survey.columns[target], task, value)
    columns, taken = [], set[str]()
    for surveyed in survey.columns.values():
        role, reason = _role(surveyed, target, time, keys, survey.rows)
        if role is Role.FEATURE:
            role, reason = _unless_leak(surveyed, labelled, codes, task)
        columns.append(_adopted(surveyed, role, reason, taken))
    judged = Judged(task, tuple(columns), value, tuple(keys))
    if not judged.having(Role.FEATURE):
        raise AdoptError(
            "No column is left to learn from.",
            where=", ".join(f"{c.name} ({c.reason})" for c in columns if c.reason)[:500],
            next="bring a table with columns that are known before the target is",
        )
    return judged


def task_of(target: Surveyed, rows: int) -> tuple[str, Any]:
    """Return the task that the target asks for, and the value that counts as positive in a binary one."""
    if target.distinct < 2:  # noqa: PLR2004 - one class teaches nothing
        value = target.values[0] if target.values else "missing"
        raise AdoptError(
            f"The target {target.name} is {value} in every row: there is nothing to predict.",
            where=f"column {target.name}",
            next="choose a target that varies, or bring rows of the other class too",
        )
    if target.distinct == 2:  # noqa: PLR2004 - two classes
        assert target.values is not None
        return "binary", sorted(target.values)[1]
    if target.dtype == "datetime":
        raise AdoptError(
            f"The target {target.name} is a time.",
            where=f"column {target.name}",
            next="predict a duration or a class",
        )
    few = target.distinct <= MAX_CLASSES and target.values is not None
    if target.dtype == "str" and not few:
        raise AdoptError(
            f"The target {target.name} is text with {target.distinct:,} values in {rows:,} rows.",
            where=f"column {target.name}",
            next=f"choose a target of at most {MAX_CLASSES} classes, or a number",
        )
    whole = target.dtype == "int" and few and target.distinct * MAX_CLASSES <= rows
    return ("multiclass" if target.dtype == "str" or whole else "regression"), None


def codes_of(
    sample: pl.DataFrame, target: Surveyed, task: str, positive: Any
) -> tuple[np.ndarray, pl.DataFrame]:
    """Return the labels of the sample's labelled rows as float64 codes, and those rows."""
    rows = sample.filter(pl.col(target.name).is_not_null())
    values = rows[target.name]
    if task == "binary":
        return (values == positive).cast(pl.Float64).to_numpy(), rows
    if task == "multiclass":
        return values.cast(pl.String).rank("dense").cast(pl.Float64).to_numpy() - 1, rows
    return values.cast(pl.Float64).to_numpy(), rows


def _role(
    column: Surveyed, target: str, time: str | None, keys: Collection[str], rows: int
) -> tuple[Role, str]:
    given: dict[str | None, Role] = {**dict.fromkeys(keys, Role.KEY), time: Role.TIME, target: Role.LABEL}
    if column.name in given:
        return given[column.name], ""
    reason = _useless(column, rows)
    return (Role.FORBIDDEN, f"left out: {reason}") if reason else (Role.FEATURE, "")


def _useless(column: Surveyed, rows: int) -> str:
    """Return why nothing can be learnt from a column, or nothing."""
    if column.missing == rows:
        return "it has no value at all"
    if column.distinct < 2 and not column.missing:  # noqa: PLR2004 - a constant
        return "it is the same in every row"
    if column.dtype == "str" and column.distinct > IDENTIFYING_SHARE * (rows - column.missing):
        return "nearly every row has a value of its own"
    if column.dtype == "int" and column.distinct > NUMBERING_SHARE * rows and _counts_up(column, rows):
        return "it numbers the rows"
    return ""


def _counts_up(column: Surveyed, rows: int) -> bool:
    """Return True for a number that runs through about as many whole values as there are rows."""
    return (
        column.maximum is not None
        and column.minimum is not None
        and column.maximum - column.minimum < 1.1 * rows
    )


def _unless_leak(column: Surveyed, rows: pl.DataFrame, codes: np.ndarray, task: str) -> tuple[Role, str]:
    strength = signal.strength(rows[column.name], column, codes, task)
    if strength >= signal.LEAK[task]:
        measured = f"{signal.MEASURE[task]} {strength:.3f}"
        return Role.FORBIDDEN, f"left out: alone it predicts the target ({measured}): written afterwards?"
    return Role.FEATURE, ""


def _adopted(column: Surveyed, role: Role, reason: str, taken: set[str]) -> Adopted:
    known = Known.WITH_LABEL if role in (Role.LABEL, Role.FORBIDDEN) else Known.AT_DECISION
    minimum, maximum = _limits(column) if role is not Role.LABEL else (None, None)
    closed = _closed(column) if role is Role.FEATURE else None
    return Adopted(column, attribute(column.name, taken), role, known, reason, minimum, maximum, closed)


def _limits(column: Surveyed) -> tuple[float | None, float | None]:
    """Return limits wider than what was seen; what was never negative stays so."""
    if column.dtype not in ("int", "float") or column.minimum is None or column.maximum is None:
        return None, None
    margin = RANGE_MARGIN * max(column.maximum - column.minimum, 1.0)
    low, high = column.minimum - margin, column.maximum + margin
    low = 0.0 if column.minimum >= 0 else low
    if column.dtype == "int":
        return float(int(low // 1)), float(int(-(-high // 1)))
    return float(f"{low:.4g}") if low < 0 else low, float(f"{high:.4g}") if high > column.maximum else high


def _closed(column: Surveyed) -> tuple[Any, ...] | None:
    if column.dtype != "str" or column.values is None or len(column.values) > CLOSED_VALUES:
        return None
    return tuple(sorted(column.values)) if min(column.counts) >= CLOSED_MIN_ROWS else None


def attribute(name: str, taken: set[str]) -> str:
    """Return a Python name of ASCII letters for a column, unlike any in `taken`, and add it there."""
    ascii_only = unicodedata.normalize("NFKD", name.replace("ß", "ss")).encode("ascii", "ignore").decode()
    text = re.sub(r"\W+", "_", ascii_only.strip()).strip("_").lower() or "column"
    if text[0].isdigit() or keyword.iskeyword(text) or hasattr(pa.DataFrameModel, text):
        text = f"column_{text}"
    unique, number = text, 2
    while unique in taken:
        unique, number = f"{text}_{number}", number + 1
    taken.add(unique)
    return unique
