"""Write the Python files of a project on its own data: contract.py, features.py, source.py."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from merge_lane.adopt import identifiers
from merge_lane.adopt.python import imported, in_docstring, literal
from merge_lane.data.columns import Known, Role
from merge_lane.system.markdown import escape

if TYPE_CHECKING:
    from merge_lane.adopt.decide import Decision, Decisions
    from merge_lane.adopt.survey import Survey

LISTED = 8
DESCRIPTION_CHARACTERS = 80
EXAMPLES = 20
KINDS = {
    "int": "measured",
    "float": "measured",
    "str": "category",
    "bool": "flag",
    "datetime": "moment",
}
LABELS = {"binary": "bool", "multiclass": "str", "regression": "float"}


def contract(decisions: Decisions, survey: Survey, file: str) -> str:
    """Return `contract.py`: one line a column."""
    columns = "\n".join(_column(column, decisions, survey) for column in decisions.columns)
    kinds = sorted({kind(column) for column in decisions.columns})
    times = any(_dtype(column, decisions) == "datetime" for column in decisions.columns)
    keys = literal(decisions.unique)
    return f'''"""THE data contract: every column once. Yours to change; no update of the template touches it.

Inferred from {in_docstring(file)}. Read it once from top to bottom: limits are wider than the values
of the table, and a column that is known only after the decision must be an `outcome`.
"""

from __future__ import annotations

{imported("datetime", ["datetime"], when=times)}import pandera.polars as pa
{imported("merge_lane.contract", kinds)}
class Contract(pa.DataFrameModel):
    """One row of the table."""

{columns}

    class Config:
        """No other column{", and each key once" if decisions.unique else ""}."""

        strict = True
{f"        unique = {keys}" if decisions.unique else ""}
'''


def kind(column: Decision) -> str:
    """Return the helper of `merge_lane.contract` that declares a column."""
    if column.role is Role.FORBIDDEN:
        return "outcome" if column.known is Known.AFTER_DECISION else "excluded"
    named = {Role.LABEL: "label", Role.KEY: "key", Role.TIME: "event_time"}
    return named.get(column.role) or KINDS[column.profile.dtype]


def _column(column: Decision, decisions: Decisions, survey: Survey) -> str:
    """Return one declaration."""
    limits = [literal(limit) for limit in (column.minimum, column.maximum) if limit is not None]
    allowed = [literal(column.allowed)] if column.allowed else []
    options = {
        "missing": _missing(column),
        "example": _example(survey, column) if column.role not in (Role.LABEL, Role.FORBIDDEN) else None,
        "name": column.name if column.attribute != column.name else None,
    }
    named = [f"{option}={literal(value)}" for option, value in options.items() if value is not None]
    arguments = ", ".join([literal(description(column, decisions)), *limits, *allowed, *named])
    return f"    {column.attribute}: {_dtype(column, decisions)} = {kind(column)}({arguments})"


def _missing(column: Decision) -> Any:
    """Return what the contract says of missing values; None where there are none."""
    profile = column.profile
    if column.role is Role.LABEL or (column.role is Role.FORBIDDEN and profile.missing):
        return True
    return f"in {profile.missing / profile.rows:.1%} of the rows" if profile.missing else None


def _dtype(column: Decision, decisions: Decisions) -> str:
    """Return the type after `source.read`, which gives the label the type that the task needs."""
    return LABELS[decisions.task] if column.role is Role.LABEL else column.profile.dtype


def description(column: Decision, decisions: Decisions) -> str:
    """Return what is known of a column, in one short line."""
    text = _purpose(column, decisions) or _values(column)
    return textwrap.shorten(text, DESCRIPTION_CHARACTERS, placeholder=" ...") or "A column"


def _purpose(column: Decision, decisions: Decisions) -> str:
    """Return why the column is there, where that says more than its values."""
    if column.role is Role.LABEL and decisions.task == "binary":
        return f"True where it is {decisions.positive}"
    return "Identifies a row" if column.role is Role.KEY else ""


def _values(column: Decision) -> str:
    profile = column.profile
    if column.reason:
        return f"{column.reason[0].upper()}{column.reason[1:]}"
    if column.allowed:
        return f"One of {len(column.allowed)} values"
    if profile.values is not None and profile.dtype == "str":
        more = ", ..." if len(profile.values) > LISTED else ""
        return f"For example {', '.join(map(str, profile.values[:LISTED]))}{more}"
    if profile.minimum is not None:
        return f"From {_bound(profile.minimum, profile.dtype)} to {_bound(profile.maximum, profile.dtype)}"
    return f"{profile.distinct:,} different values"


def _bound(value: float, dtype: str) -> str:
    """Return the least or greatest value as people write it; a time is microseconds since 1970."""
    if dtype == "datetime":
        return str(np.datetime64(int(value), "us").astype("datetime64[D]"))
    return f"{value:,}" if dtype == "int" else f"{value:.6g}"


def _example(survey: Survey, column: Decision) -> Any:
    """Return a value of the sample: the first one, or the shortest of the first texts."""
    values = survey.sample[column.name].drop_nulls().head(EXAMPLES)
    if values.is_empty():
        return None
    if values.dtype == pl.Datetime:
        return values[0].isoformat(sep=" ")
    return min(values, key=len) if values.dtype == pl.String else values[0]


def features(decisions: Decisions) -> str:
    """Return `features.py`: every feature as it stands, times as what a tree can split on."""
    columns = decisions.having(Role.FEATURE) + decisions.having(Role.TIME)
    taken = set[str]()
    pairs = [
        (identifiers.feature(name, taken), value)
        for column in columns
        for name, value in _feature(column, decisions)
    ]
    entries = "".join(f"        {literal(name)}: {value},\n" for name, value in pairs)
    times = [helper for helper in CALENDAR if any(value.startswith(f"{helper}(") for _, value in pairs)]
    return f'''"""Raw rows -> features, one code path for training, batch and the API. Yours to change.

`history` looks back at earlier rows, point-in-time; `build` looks at one row only. Both work on
numpy arrays, so that serving runs this very file without the packages that training needs.
"""

from __future__ import annotations

from typing import TYPE_CHECKING
{NUMPY if times else ""}
if TYPE_CHECKING:
    from merge_lane.data.columns import Arrays


def history(rows: Arrays) -> Arrays:  # noqa: ARG001 - nothing is derived yet
    """Return the columns that are computed from earlier rows: declare each as `derived` in contract.py."""
    return {{}}


def build(rows: Arrays) -> Arrays:
    """Return the model's features of each row: float64 of shape (n,), or object of text.

    `rows` holds only what is known at the decision; asking for anything else is refused by name.
    """
    return {{
{entries}    }}
{"".join(CALENDAR[helper] for helper in times)}'''


NUMPY = "\nimport numpy as np\n"
CALENDAR = {
    "weekday": '''

def weekday(times: np.ndarray) -> np.ndarray:
    """Return the day of the week, Monday 0; NaN where there is no time."""
    days = times.astype("datetime64[D]")
    return np.where(np.isnat(times), np.nan, (days.astype(np.int64) + 3) % 7)
''',
    "hour": '''

def hour(times: np.ndarray) -> np.ndarray:
    """Return the hour of the day with its fraction; NaN where there is no time."""
    hours: np.ndarray = (times - times.astype("datetime64[D]")) / np.timedelta64(1, "h")
    return hours
''',
    "days_between": '''

def days_between(earlier: np.ndarray, later: np.ndarray) -> np.ndarray:
    """Return the days from one time to another; NaN where one of them is missing."""
    days: np.ndarray = (later - earlier) / np.timedelta64(1, "D")
    return days
''',
}
"""Functions of features.py, each written where it is used."""


def _feature(column: Decision, decisions: Decisions) -> list[tuple[str, str]]:
    """Return the features of one column: name and expression."""
    name, values = column.name, f"rows[{literal(column.name)}]"
    if column.profile.dtype != "datetime":
        return [(name, values)]
    pairs = [(f"{name}_weekday", f"weekday({values})"), (f"{name}_hour", f"hour({values})")]
    time = decisions.time
    if time is not None and time.name != name:
        pairs.append((f"{name}_days_ago", f"days_between({values}, rows[{literal(time.name)}])"))
    return pairs


def source(decisions: Decisions, file: str) -> str:
    """Return `source.py`: the months under data/incoming, with the label as the task needs it."""
    return f'''"""Where raw rows come from. Yours to change; an update of the template never touches it.

The months are files in data/incoming, made from {in_docstring(file)}.
A new month is a file next to them and a line in params.yaml.
"""

from __future__ import annotations

import polars as pl
from merge_lane.data import tables

LABEL = {_label(decisions)}


def read(source: str, month: str) -> pl.DataFrame:
    """Return the raw rows of one month (`YYYY-MM`, or `all`). Raises SourceError if there are none."""
    return tables.read_month(source, month).with_columns(LABEL)
'''


def _label(decisions: Decisions) -> str:
    column = f"pl.col({literal(decisions.target.name)})"
    if decisions.target.profile.dtype == "bool":
        return column if decisions.positive else f"~{column}"
    if decisions.task == "binary":
        return f"{column}.eq({literal(decisions.positive)})"
    return f"{column}.cast(pl.{'String' if decisions.task == 'multiclass' else 'Float64'})"


def data_readme(decisions: Decisions, survey: Survey, file: str) -> str:
    """Return `data/README.md`: what the data are, and what was decided about each column."""
    rows = "\n".join(
        f"| {escape(c.name)} | {c.profile.dtype} | {c.role} "
        f"| {escape(_purpose(c, decisions) or _values(c))} | {c.profile.missing:,} |"
        for c in decisions.columns
    )
    time = decisions.time
    split = f"by the month of {escape(time.name)}" if time else "by the hash of each row: no time orders them"
    positive = f" ({escape(repr(decisions.positive))} is positive)" if decisions.task == "binary" else ""
    notes = "".join(f"\nNote: {note}.\n" for note in survey.notes)
    return f"""# The data

Adopted from {escape(file)}: {survey.rows:,} rows, {len(decisions.columns)} columns.
The task is **{decisions.task}**, the target {escape(decisions.target.name)}{positive}.
Rows are split {split}.
{notes}
| column | type | role | values | missing |
|---|---|---|---|---|
{rows}

`data/incoming/` holds the months as they came, `data/raw/` the same after `ingest`, `data/features.parquet`
the rows that train and test the model. None of it is in git: DVC holds it. Write here where the data come
from and under which licence.
"""
