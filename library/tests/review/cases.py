"""Made-up models, rows and reviews for the tests of the review."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from functools import cache
from pathlib import Path

import numpy as np

from merge_lane.data.columns import Column, Known, Role, Schema
from merge_lane.repository.revision import Base
from merge_lane.review import changes, compare
from merge_lane.review.gates.checks import Check, Verdict
from merge_lane.review.run import Review
from merge_lane.settings import Evaluate, Settings
from merge_lane.settings.gates import Gates

ROWS, DAYS = 8000, 60
EVALUATE = Evaluate(
    bootstrap=100, confidence=0.95, bins=10, seed=1, rate_table=(), slices=("group",), min_slice_rows=200
)
TODAY = date(2026, 3, 1)


def rng():
    return np.random.default_rng(21)


def world(rows=ROWS, days=DAYS):
    """Return test rows and the scores of the best model there can be: labels are drawn from them."""
    random = rng()
    truth = random.beta(1.5, 4, rows)
    labels = (random.random(rows) < truth).astype(float)
    times = np.datetime64("2026-01-01", "us") + random.integers(0, days, rows).astype("timedelta64[D]")
    groups = random.choice(["a", "b", "c"], rows, p=[0.6, 0.35, 0.05])
    return compare.Rows("binary", labels, times, {"group": groups}), truth


def blurred(scores, amount, seed=3):
    """Return worse scores: on the scale of log odds, so that they stay probabilities."""
    odds = np.log(scores / (1 - scores)) + np.random.default_rng(seed).normal(0, amount, len(scores))
    return 1 / (1 + np.exp(-odds))


def comparison(base, candidate, rows=None):
    rows = rows or world()[0]
    return compare.compare(rows, base, candidate, EVALUATE)


def gates(**given):
    """Return gates, each with a reason if it has none."""
    return Gates.model_validate({name: {"reason": "a test", **gate} for name, gate in given.items()})


def verdicts(checks):
    return {check.name: str(check.verdict) for check in checks}


def column(name, **changed):
    given = {"dtype": "float", "role": Role.FEATURE, "known": Known.IN_ADVANCE, "nullable": False}
    return Column(name=name, **{**given, **changed})


def schema(*columns):
    label = Column("y", "bool", Role.LABEL, Known.WITH_LABEL)
    return Schema((*columns, label))


def settings(**changed):
    """Return the project's own settings with changes."""
    from merge_lane import settings as module

    own = module.load(Path(__file__).parents[3] / "params.yaml").model_dump()
    return Settings.model_validate({**own, **changed})


@cache
def _compared():
    """Return a comparison of 1,000 rows, made once for all reviews."""
    rows, truth = world(rows=1000, days=30)
    return comparison(truth, blurred(truth, 1.0), rows)


def _named(found, name):
    """Return the comparison with its slices and the first group renamed."""
    slices = [replace(one, name=name, group=name if one.group == "a" else one.group) for one in found.slices]
    return replace(found, slices=slices)


def review(hostile="plain", *, blocked=True, scored=True):
    """Return a review that has something to say in every section, `hostile` in every text that can be."""
    found = Review(settings(), Base("f" * 40, Path.cwd()))
    found.checks = [
        Check("floors", "roc_auc", Verdict.PASS, "0.7 is enough"),
        Check("slices", hostile, Verdict.BLOCKED if blocked else Verdict.PASS, hostile),
        Check("size", "", Verdict.WAIVED, "too big", waiver=hostile),
    ]
    found.base_how = "stored"
    found.contract = [changes.ColumnChange(hostile, hostile, breaking=True)]
    found.params = [changes.ParamChange(hostile, hostile, None)]
    found.months = [changes.MonthChange(hostile, changes.NEW, 10, "0" * 32, valid=True)]
    found.lineage = {"commit": "0" * 40, "branch": hostile}
    if scored:
        found.comparison = _named(_compared(), hostile)
    return found
