"""The user-owned Python files of a project on its own data, as text: contract, features, source."""

from __future__ import annotations

import json
import subprocess
import sys
import textwrap
from typing import TYPE_CHECKING, Any

import polars as pl

from merge_lane import __name__ as package_name
from merge_lane.data.columns import Known, Role
from merge_lane.system.markdown import escape

if TYPE_CHECKING:
    from merge_lane.adopt.judge import Adopted, Judged
    from merge_lane.adopt.survey import Survey

PACKAGE = package_name.partition(".")[0]
PYTHON = {"int": "int", "float": "float", "str": "str", "bool": "bool", "datetime": "datetime"}
MISSING_DIGITS = 1
LISTED = 8
DESCRIPTION_CHARACTERS = 90


def contract(judged: Judged, survey: Survey, file: str) -> str:
    """Return `contract.py`."""
    columns = "\n".join(_column(column, judged, _example(survey, column)) for column in judged.columns)
    times = any(_dtype(column, judged) == "datetime" for column in judged.columns)
    stamp = "from datetime import datetime  # noqa: TC003 - pandera reads the annotation at run time\n\n"
    keys = ", ".join(literal(name) for name in judged.unique)
    unique = f"\n        unique = [{keys}]  # noqa: RUF012 - pandera's way to say it" if keys else ""
    return f'''"""THE data contract: every column once. Yours to change; no update of the template touches it.

Inferred from {file}.
Read it once from top to bottom. Limits are wider than what was seen; a column that is known only after the
decision must get Role.FORBIDDEN.
"""

from __future__ import annotations

{stamp if times else ""}import pandera.polars as pa

from {PACKAGE}.columns import Known, Role
from {PACKAGE}.schema import column


class Contract(pa.DataFrameModel):
    """One row of the table."""

{columns}

    class Config:
        """No other column{" , and each key once" if judged.unique else ""}."""

        strict = True{unique}
'''.replace(" , ", ", ")


def _column(column: Adopted, judged: Judged, example: Any) -> str:
    """Return one declaration."""
    given = {
        "name": literal(column.name) if column.attribute != column.name else "",
        "nullable": "True" if column.surveyed.missing or column.role is Role.LABEL else "",
        "minimum": "" if column.minimum is None else f"{column.minimum:.15g}",
        "maximum": "" if column.maximum is None else f"{column.maximum:.15g}",
        "allowed": "" if column.allowed is None else _tuple(column.allowed),
        "example": "" if example is None or column.role is Role.LABEL else literal(example),
    }
    known = "WITH_LABEL" if column.known is Known.WITH_LABEL else "AT_DECISION"
    lines = [
        f"Role.{column.role.name}",
        f"Known.{known}",
        literal(textwrap.shorten(_description(column), DESCRIPTION_CHARACTERS, placeholder=" ...")),
    ]
    lines += [f"{name}={value}" for name, value in given.items() if value]
    body = "".join(f"        {line},\n" for line in lines)
    return f"    {column.attribute}: {PYTHON[_dtype(column, judged)]} = column(\n{body}    )"


def _tuple(values: tuple[Any, ...]) -> str:
    return "(" + ", ".join(literal(value) for value in values) + ("," if len(values) == 1 else "") + ")"


def formatted(text: str) -> str:
    """Return Python source as the project's formatter writes it; as it is where the formatter is missing."""
    command = [sys.executable, "-m", "ruff", "format", "--stdin-filename", "adopted.py", "-"]
    done = subprocess.run(command, input=text, capture_output=True, text=True, encoding="utf-8", check=False)
    return done.stdout if done.returncode == 0 else text


def literal(value: Any) -> str:
    """Return a value as Python source, text in double quotes as the formatter wants it."""
    return json.dumps(value, ensure_ascii=False) if isinstance(value, str) else repr(value)


def _dtype(column: Adopted, judged: Judged) -> str:
    """Return the type after `source.read`: labels become what the task learns from."""
    if column.role is not Role.LABEL:
        return column.surveyed.dtype
    return {"binary": "bool", "multiclass": "str", "regression": "float"}[judged.task]


def _description(column: Adopted) -> str:
    surveyed = column.surveyed
    share = surveyed.missing / surveyed.rows
    gaps = f", {share:.{MISSING_DIGITS}%} missing" if surveyed.missing else ""
    if column.reason:
        return f"{column.reason[0].upper()}{column.reason[1:]}"
    if surveyed.values is not None and surveyed.dtype == "str":
        listed = ", ".join(str(value) for value in surveyed.values[:LISTED])
        more = ", ..." if len(surveyed.values) > LISTED else ""
        return f"Seen: {listed}{more}{gaps}"
    if surveyed.minimum is not None and surveyed.dtype in ("int", "float"):
        return f"Seen {surveyed.minimum:.6g} to {surveyed.maximum:.6g}{gaps}"
    return f"{surveyed.distinct:,} different values seen{gaps}"


def _example(survey: Survey, column: Adopted) -> Any:
    """Return the column's value in the sample's first row, or its first one that is there."""
    values = survey.sample[column.name].drop_nulls()
    if values.is_empty():
        return None
    value = values[0]
    return value.isoformat() if survey.sample[column.name].dtype == pl.Datetime else value


def features(judged: Judged) -> str:
    """Return `features.py`: every feature as it stands, times as what a tree can split on."""
    learnt = judged.having(Role.FEATURE) + judged.having(Role.TIME)
    entries = "".join(
        f"        {literal(key)}: {value},\n" for column in learnt for key, value in _feature(column, judged)
    )
    times = any(column.surveyed.dtype == "datetime" for column in learnt)
    helpers = CALENDAR if times else ""
    return f'''"""Raw rows -> features, one code path for training, batch and the API. Yours to change.

`history` looks back at earlier rows, point-in-time; `build` looks at one row only. Both work on
numpy arrays, so that serving runs this very file without the packages that training needs.
"""

from __future__ import annotations

from typing import TYPE_CHECKING
{chr(10) + "import numpy as np" + chr(10) if times else ""}
if TYPE_CHECKING:
    from {PACKAGE}.columns import Arrays


def history(rows: Arrays) -> Arrays:  # noqa: ARG001 - nothing is derived yet
    """Return the columns that earlier rows tell; declare each with `derived=True` in contract.py."""
    return {{}}


def build(rows: Arrays) -> Arrays:
    """Return the model's features of each row: float64 of shape (n,), or object of text.

    `rows` holds only what is known at the decision; asking for anything else is refused by name.
    """
    return {{
{entries}    }}
{helpers}'''


CALENDAR = '''

def weekday(times: np.ndarray) -> np.ndarray:
    """Return the day of the week, Monday 0; NaN where there is no time."""
    days = times.astype("datetime64[D]")
    return np.where(np.isnat(times), np.nan, (days.astype(np.int64) + 3) % 7)


def hour(times: np.ndarray) -> np.ndarray:
    """Return the hour of the day with its fraction; NaN where there is no time."""
    hours: np.ndarray = (times - times.astype("datetime64[D]")) / np.timedelta64(1, "h")
    return hours


def days_between(earlier: np.ndarray, later: np.ndarray) -> np.ndarray:
    """Return the days from one time to another; NaN where one of them is missing."""
    days: np.ndarray = (later - earlier) / np.timedelta64(1, "D")
    return days
'''


def _feature(column: Adopted, judged: Judged) -> list[tuple[str, str]]:
    """Return the features of one column: name and expression."""
    name, quoted = column.name, literal(column.name)
    if column.surveyed.dtype != "datetime":
        return [(name, f"rows[{quoted}]")]
    found = [(f"{name}_weekday", f"weekday(rows[{quoted}])"), (f"{name}_hour", f"hour(rows[{quoted}])")]
    time = judged.time
    if time is not None and time.name != name:
        found.append((f"{name}_days_ago", f"days_between(rows[{quoted}], rows[{literal(time.name)}])"))
    return found


def source(judged: Judged, file: str) -> str:
    """Return `source.py`: the months under data/incoming, with the label as the task needs it."""
    return f'''"""Where raw rows come from. Yours to change; an update of the template never touches it.

The months lie in data/incoming, made from {file}.
A new month is a file beside them and a line in params.yaml.
"""

from __future__ import annotations

import polars as pl

from {PACKAGE} import tables

LABEL = {_label(judged)}


def read(source: str, month: str) -> pl.DataFrame:
    """Return the raw rows of one month (`YYYY-MM`, or `all`). Raises SourceError if there are none."""
    return tables.read_month(source, month).with_columns(LABEL)
'''


def _label(judged: Judged) -> str:
    name = literal(judged.target.name)
    if judged.target.surveyed.dtype == "bool" and judged.positive is True:
        return f"pl.col({name})"
    if judged.task == "binary":
        return f"(pl.col({name}) == {literal(judged.positive)}).alias({name})"
    return f"pl.col({name}).cast(pl.{'String' if judged.task == 'multiclass' else 'Float64'})"


def data_readme(judged: Judged, survey: Survey, file: str) -> str:
    """Return `data/README.md`: what the data are, and what was decided about each column."""
    rows = [
        f"| {_cell(column.name)} | {column.surveyed.dtype} | {column.role} | {_cell(_description(column))} |"
        for column in judged.columns
    ]
    time = judged.time
    split = f"by the month of `{time.name}`" if time else "by the hash of each row: no time orders them"
    positive = f" ({judged.positive!r} is positive)" if judged.task == "binary" else ""
    listed = "\n".join(rows)
    return f"""# The data

Adopted from `{file}`: {survey.rows:,} rows, {len(judged.columns)} columns.
The task is **{judged.task}**, the target `{judged.target.name}`{positive}. Rows are split {split}.

| column | type | role | what was seen |
|---|---|---|---|
{listed}

`data/incoming/` holds the months as they came, `data/raw/` the same after `ingest`, `data/features.parquet`
what the model learns from. None of it is in git: DVC holds it. Write here where the data come from and under
which licence.
"""


def _cell(text: object) -> str:
    return escape(str(text))
