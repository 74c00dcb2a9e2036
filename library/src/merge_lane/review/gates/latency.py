"""The gate on latency: how long a prediction of one row takes, and how much longer than main's."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from merge_lane.data import tables
from merge_lane.data.split import PART, TEST
from merge_lane.errors import ReviewError
from merge_lane.repository import code
from merge_lane.repository.git import run
from merge_lane.review import models
from merge_lane.review.gates.checks import Check, Verdict, compared, judged, off
from merge_lane.review.stopwatch import Timed, timed

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from merge_lane.model.bundle import Bundle
    from merge_lane.review.evidence import Evidence
    from merge_lane.settings.gates import Latency

GATE = "latency"
ROWS = 64
"""Rows that the models predict in turn, one at a time."""


def judge(evidence: Evidence) -> Iterator[Check]:
    """Time both models, where there is a candidate; the same code and bundle are not timed."""
    if evidence.model is None:
        return
    if evidence.settings.gates.latency is None:
        yield off(GATE)
    elif _same_program(evidence, evidence.model):
        yield Check(GATE, "", Verdict.PASS, "same model, same code")
    else:
        yield from latency(_time(evidence), evidence.settings.gates.latency)


def latency(timing: Timed, gate: Latency) -> Iterator[Check]:
    """Judge the time of one prediction against the limit and against main's."""
    text = f"{timing.candidate:.3f} ms a row"
    good = timing.candidate <= gate.max_ms
    yield judged(GATE, "limit", good, f"{text}, the limit is {gate.max_ms:g} ms")
    if timing.base is None:
        yield off(GATE, "main's model could not be timed")
        return
    good, times = compared(timing.candidate, timing.base, free=gate.free_ms, limit=gate.max_ratio, unit="ms")
    yield judged(GATE, "against main", good, f"{text}, main takes {timing.base:.3f} ms: {times}")


def _same_program(evidence: Evidence, model: Bundle) -> bool:
    base, paths = evidence.base, (code.PROJECT, code.LIBRARY, code.WHEELS)
    same_code = run("diff", "--quiet", base.revision, "--", *paths, root=base.root).returncode == 0
    return same_code and evidence.base_manifest == model.manifest


def _time(evidence: Evidence) -> Timed:
    base = evidence.base
    candidate, rows = (base.root, base.root / models.BUNDLE), _rows(evidence)
    try:
        return timed(candidate, (models.code_of(base), models.bundle_of(base)), rows)
    except ReviewError:
        return timed(candidate, None, rows)


def _rows(evidence: Evidence) -> Path:
    """Write the test rows to predict, and return their file."""
    target = evidence.base.scratch / "rows.parquet"
    test = tables.read(evidence.base.root / models.FEATURES).filter(pl.col(PART) == TEST)
    sample = test.sample(min(ROWS, test.height), seed=evidence.settings.evaluate.seed)
    tables.write(sample, target)
    return target
