"""The gate on leakage: no single feature may rank the answer implausibly well."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from merge_lane.data import tables
from merge_lane.data.labels import class_names
from merge_lane.data.labels import labels as labels_of
from merge_lane.data.split import PART, TRAIN
from merge_lane.errors import LeakError, ProjectError
from merge_lane.metrics.ranking import delong
from merge_lane.model.inputs import model_features
from merge_lane.review import models
from merge_lane.review.gates.checks import Check, Verdict, off

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from merge_lane.data.columns import Arrays, Schema
    from merge_lane.review.evidence import Evidence
    from merge_lane.settings.gates import Leakage

GATE = "leakage"
SMOOTHING_ROWS = 20.0


def judge(evidence: Evidence) -> Iterator[Check]:
    """Look for leaks in the training rows, trained or not: a leak may be what stopped the training."""
    path, gate = evidence.base.root / models.FEATURES, evidence.settings.gates.leakage
    if isinstance(evidence.refusal, LeakError):
        yield Check(GATE, "contract.py", Verdict.BLOCKED, evidence.refusal.what)
    elif gate is None:
        yield off(GATE)
    elif evidence.schema is None or not path.is_file():
        yield off(GATE, "no features to look at")
    else:
        yield from _judge_features(path, evidence.schema, evidence.settings.task, gate)


def _judge_features(path: Path, schema: Schema, task: str, gate: Leakage) -> Iterator[Check]:
    try:
        rows = tables.read(path).filter(pl.col(PART) == TRAIN)
        features = model_features(rows, schema)
    except pl.exceptions.PolarsError as error:  # columns of another contract: the pipeline is stale
        yield off(GATE, f"{path.name} is of another contract: {error}")
    except ProjectError as error:
        yield Check(GATE, "features.py", Verdict.BLOCKED, error.what)
    else:
        target = labels_of(rows, schema, class_names(rows, schema, task))
        yield from leakage(aucs(features, target, task), gate)


def aucs(features: Arrays, labels: np.ndarray, task: str) -> dict[str, float]:
    """Return how well each feature alone ranks the rows, in either direction, the best class counting.

    A number is ranked as it is (missing lowest); a text by the mean label of its value on every other row.
    For a regression the answer is whether the label is above its median.
    """
    targets = _targets(labels, task)
    return {name: max(_auc(values, target) for target in targets) for name, values in features.items()}


def _targets(labels: np.ndarray, task: str) -> list[np.ndarray]:
    if task == "multiclass":
        return [labels == code for code in np.unique(labels)]
    return [labels > np.median(labels)] if task == "regression" else [labels > 0]


def _auc(values: np.ndarray, target: np.ndarray) -> float:
    if values.dtype != object:
        auc = delong(target, np.nan_to_num(values.astype(np.float64), nan=-np.inf)).value
        return max(auc, 1 - auc)
    even = np.arange(len(target)) % 2 == 0
    rates = _rates(values[even], target[even].astype(np.float64))
    base = float(target[even].mean())
    scores = np.array([rates.get(value, base) for value in values[~even].tolist()])
    auc = delong(target[~even], scores).value
    return max(auc, 1 - auc)


def _rates(values: np.ndarray, target: np.ndarray) -> dict[str | None, float]:
    """Return the smoothed mean of `target` for each text: a text seen once tells next to nothing."""
    code_of: dict[str | None, int] = {}
    codes = np.array([code_of.setdefault(value, len(code_of)) for value in values.tolist()], dtype=np.int64)
    rows, sums = np.bincount(codes), np.bincount(codes, weights=target)
    rates = (sums + SMOOTHING_ROWS * target.mean()) / (rows + SMOOTHING_ROWS)
    return {value: float(rates[code]) for value, code in code_of.items()}


def leakage(ranked: dict[str, float], gate: Leakage) -> Iterator[Check]:
    """Block each feature that alone ranks better than the limit; `ranked` is what `aucs` returns."""
    limit = gate.max_single_feature_auc
    leaks = {name: auc for name, auc in ranked.items() if auc > limit}
    for name, auc in leaks.items():
        detail = f"alone reaches a ROC AUC of {auc:.3f}, the limit is {limit:g}: it contains the answer"
        yield Check(GATE, name, Verdict.BLOCKED, detail)
    if not leaks:
        best = max(ranked, key=lambda name: ranked[name], default="")
        text = f"the best single feature, {best}, reaches {ranked[best]:.3f}" if best else "no features"
        yield Check(GATE, "", Verdict.PASS, f"{text}, the limit is {limit:g}")
