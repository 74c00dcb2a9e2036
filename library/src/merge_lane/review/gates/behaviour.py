"""Gates on how the model behaves: what must not move it, and what must move it one way."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from merge_lane.data import tables
from merge_lane.data.split import PART, TEST
from merge_lane.errors import ParamsError
from merge_lane.review import models
from merge_lane.review.gates.checks import Check, judged, off

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from merge_lane.data.columns import Arrays
    from merge_lane.review.evidence import Evidence
    from merge_lane.settings.gates import Behaviour

    Predict = Callable[[Arrays], np.ndarray]

GATE = "behaviour"
ROWS = 2000
"""Test rows that are changed and predicted again."""
ROUNDING = 1e-6
"""Float32 sums of trees differ by less than this."""


@dataclass(frozen=True)
class Probe:
    """Rows of a request, the model, and what it predicts for them."""

    predict: Predict
    rows: Arrays
    before: np.ndarray
    seed: int


def judge(evidence: Evidence) -> Iterator[Check]:
    """Judge the candidate's model, where there is one, on a sample of the test rows."""
    if evidence.model is None:
        return
    seed = evidence.settings.evaluate.seed
    test = tables.read(evidence.base.root / models.FEATURES).filter(pl.col(PART) == TEST)
    sample = test.sample(min(ROWS, test.height), seed=seed)
    rows = tables.to_arrays(sample, [column.name for column in evidence.model.schema.request])
    yield from behaviour(evidence.model.predict, rows, evidence.settings.gates.behaviour, seed)


def behaviour(predict: Predict, rows: Arrays, tests: Mapping[str, Behaviour], seed: int) -> Iterator[Check]:
    """Judge each test on the predictions (n,) or (n, classes) of `rows` and of changed rows."""
    if not tests:
        yield off(GATE)
        return
    probe = Probe(predict, rows, predict(rows), seed)
    for name, test in tests.items():
        _refuse_unknown(name, test, rows)
        yield (_invariance if test.expect == "invariance" else _direction)(name, test, probe)


def _refuse_unknown(name: str, test: Behaviour, rows: Arrays) -> None:
    wrong = [
        column
        for column in test.columns
        if column not in rows or (test.add and rows[column].dtype.kind != "f")
    ]
    if wrong:
        raise ParamsError(
            f"gates.behaviour changes {', '.join(wrong)}: no such number among the columns of a request.",
            where=f"params.yaml, gates.behaviour.{name}.columns",
            next=f"choose from {', '.join(rows)}",
        )


def _invariance(name: str, test: Behaviour, probe: Probe) -> Check:
    """Shuffle the columns over the rows: no prediction may move."""
    order = np.random.default_rng(probe.seed).permutation(len(probe.before))
    shuffled = {column: probe.rows[column][order] for column in test.columns}
    moved = float(np.abs(probe.predict({**probe.rows, **shuffled}) - probe.before).max())
    limit = max(test.tolerance, ROUNDING)
    return judged(
        GATE, name, moved <= limit, f"predictions move by up to {moved:.2g}, the limit is {limit:g}"
    )


def _direction(name: str, test: Behaviour, probe: Probe) -> Check:
    """Add to the columns: the mean prediction may not move the other way."""
    if probe.before.ndim > 1:
        raise ParamsError(
            "up and down ask for one number a row, and the model predicts several classes.",
            where=f"params.yaml, gates.behaviour.{name}.expect",
            next="use invariance",
        )
    changed = {column: probe.rows[column] + test.add for column in test.columns}
    moved = float((probe.predict({**probe.rows, **changed}) - probe.before).mean())
    wrong_way = -moved if test.expect == "up" else moved
    detail = f"adding {test.add:g} moves the mean prediction by {moved:+.4f}, expected is {test.expect}"
    return judged(GATE, name, wrong_way <= max(test.tolerance, ROUNDING), detail)
