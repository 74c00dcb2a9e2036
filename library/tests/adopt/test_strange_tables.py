"""Whatever a table holds, what adopt writes runs: ingest, validate, featurize and train, in process."""

import importlib
import json
import math
import shutil
import subprocess
import sys
from datetime import date, datetime, timedelta
from itertools import count
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as profile
from hypothesis import strategies as st
from test_identifiers import HEADERS

from merge_lane import project, settings
from merge_lane.adopt import apply as adopting
from merge_lane.data import schema
from merge_lane.project import PACKAGE_VARIABLE
from merge_lane.stages.featurize import featurize
from merge_lane.stages.ingest import ingest
from merge_lane.stages.train import train
from merge_lane.stages.validate import validate

ROOT = Path(__file__).parents[3]
FILES = ["params.yaml", "dvc.yaml", "pyproject.toml", "requirements/all.txt"]
ROWS = 120
NUMBER = count()
HOSTILE = ["Paris , TX", "q\"u'o", "back\\slash", "new\nline", "{x} ${y} %s", "  lead", "\u202e\u2028\x7f"]
NAMES = [
    *filter(str.strip, HEADERS),
    "rows",
    "month",
    "hour",
    "a[1]",
    "a<b",
    "a: b",
    "- a",
    "#a",
    "Возраст",
    "l’âge",
    *HOSTILE,
]


def table(**columns):
    """Return a table with a number that predicts `y`, and the columns of the case."""
    draw = np.random.default_rng(5)
    x = draw.normal(size=ROWS)
    return pl.DataFrame({"x": x, "y": (x + draw.normal(size=ROWS) > 0).astype(int), **columns})


def cycle(*values):
    return [values[row % len(values)] for row in range(ROWS)]


@pytest.fixture
def run(tmp_path, monkeypatch):
    """Adopt a table in a project of its own and run the stages; return the project."""

    def adopted(rows, target="y", time=None, keys=()):
        package = f"strange_{next(NUMBER)}"
        root = tmp_path / package
        for name in FILES:
            (root / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, root / name)
        (root / "src" / package).mkdir(parents=True)
        rows.write_parquet(root / "table.parquet")
        with monkeypatch.context() as patch:
            patch.chdir(root)
            patch.setenv(PACKAGE_VARIABLE, package)
            patch.syspath_prepend(str(root / "src"))
            adopting.apply(adopting.plan(Path("table.parquet"), Path(), target, time, keys))
            importlib.invalidate_caches()
            _stages()
        return root

    return adopted


def _stages():
    params, model = settings.load(Path("params.yaml")), project.contract()
    columns, raw = schema.read(model), {}
    for month in params.data.months:
        raw[month] = Path(f"data/raw/{month}.parquet")
        report = validate(ingest(params.data.source, month, columns, raw[month]), model, month)
        assert report["valid"], json.dumps(report["findings"], default=str)
    featurize(raw, columns, params.split, Path("data/features.parquet"))
    quick = params.train.model_copy(update={"rounds": 3, "threads": 1})
    train(Path("data/features.parquet"), columns, quick, params.task, Path("models"))


def test_every_header_at_once(run):
    """The files run, and the project's own linter accepts them."""
    kinds = [cycle(1, 2, 3), cycle(*HOSTILE), cycle(0.5, 1.5), cycle(True, False, None)]
    columns = {name: kinds[number % len(kinds)] for number, name in enumerate(NAMES)}
    written = run(table(**columns)) / "src"
    for command in (["check"], ["format", "--check"]):
        ruff = [sys.executable, "-m", "ruff", *command, "--config", ROOT / "pyproject.toml", written]
        result = subprocess.run(ruff, capture_output=True, text=True, check=False)
        assert result.returncode == 0, result.stdout


VALUES = {
    "texts": cycle(*HOSTILE),
    "open texts": [f"{row % 40} , {HOSTILE[row % 7]}" for row in range(ROWS)],
    "not finite": cycle(1.0, 2.0, math.nan, math.inf, -math.inf, 1e300),
    "all missing": [None] * ROWS,
    "all NaN": [math.nan] * ROWS,
    "one value": [*[None] * (ROWS - 1), "a"],
    "constant": cycle(True),
    "large": [2**63 - 1 - row % 50 for row in range(ROWS)],
    "small": [-(2**63) + row % 50 for row in range(ROWS)],
    "unsigned": pl.Series([2**64 - 1 - row for row in range(ROWS)], dtype=pl.UInt64),
    "dates": [date(1, 1, 1) + timedelta(days=row * 3000) for row in range(ROWS)],
    "zoned": pl.Series(
        [datetime(2024, 1, 1 + row % 28) for row in range(ROWS)], dtype=pl.Datetime("ns", "UTC")
    ),
    "categories": pl.Series(cycle("a", "b"), dtype=pl.Categorical),
    "long": [f"{'w' * 5000}{row % 30}" for row in range(ROWS)],
}


@pytest.mark.parametrize("values", VALUES.values(), ids=VALUES)
def test_every_kind_of_value(run, values):
    """The contract that is inferred from a column holds for that column."""
    run(table(z=values))


TARGETS = {
    "words": cycle("ja", 'ne"in\\', "ja"),
    "floats": cycle(0.5, 1.5, 0.5),
    "truth": cycle(True, False, False),
    "classes": cycle("Paris , TX", "{b}", "", "c\nd"),
    "numbers": [row * 7 % 50 / 3 for row in range(ROWS)],
    "not finite": cycle(1.0, 2.5, math.inf, 4.0, math.nan),
    "partly missing": cycle(0, 1, None, 1, 0),
}


@pytest.mark.parametrize("values", TARGETS.values(), ids=TARGETS)
def test_every_kind_of_target(run, values):
    """The label gets the type that the task needs."""
    run(table(**{"what, so": values}), target="what, so")


@pytest.mark.parametrize("name", ["rows", "month", "last", 'q"'])
def test_key_and_time_with_any_name(run, name):
    """The columns that adopt computes for itself have other names."""
    hours = [datetime(2024, 1, 1) + timedelta(hours=24 * row) for row in range(ROWS)]
    run(table(**{name: hours}), time=name)
    run(table(**{name: range(ROWS), "b , c": cycle("x")}), keys=[name, "b , c"])


ANY_NAME = st.text(min_size=1, max_size=12).filter(
    lambda name: name.strip() and name != "*" and not name.startswith(("^", "_")) and name not in "xy"
)


@given(data=st.data())
@profile(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_header_and_any_value(run, data):
    """Hypothesis looks for a header or a text that breaks a file or a stage."""
    names = data.draw(st.lists(ANY_NAME, min_size=2, max_size=4, unique=True))
    texts = data.draw(st.lists(st.text(max_size=8), min_size=2, max_size=6, unique=True))
    numbers = data.draw(st.lists(st.floats(width=32) | st.none(), min_size=2, max_size=9))
    columns = {name: cycle(*(texts, numbers)[place % 2]) for place, name in enumerate(names)}
    run(table(**columns))
