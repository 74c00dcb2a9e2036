"""The gate on leakage: no single feature may rank the answer implausibly well."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from merge_lane.metrics.ranking import delong
from merge_lane.review.gates.checks import Check, Verdict, off

if TYPE_CHECKING:
    from collections.abc import Iterator

    from merge_lane.data.columns import Arrays
    from merge_lane.settings.gates import Leakage

GATE = "leakage"
SMOOTHING_ROWS = 20.0


def aucs(features: Arrays, labels: np.ndarray, task: str) -> dict[str, float]:
    """Return how well each feature alone ranks the rows, in either direction, the best class counting.

    A number is ranked as it is (missing lowest); a text by the mean label of its value on every other row.
    A regression is asked for labels above the median.
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
    learnt = np.arange(len(target)) % 2 == 0
    rates = _rates(values[learnt], target[learnt].astype(np.float64))
    base = float(target[learnt].mean())
    scores = np.array([rates.get(value, base) for value in values[~learnt].tolist()])
    auc = delong(target[~learnt], scores).value
    return max(auc, 1 - auc)


def _rates(values: np.ndarray, target: np.ndarray) -> dict[str | None, float]:
    """Return the smoothed mean of `target` for each text: a text seen once tells next to nothing."""
    place: dict[str | None, int] = {}
    codes = np.array([place.setdefault(value, len(place)) for value in values.tolist()], dtype=np.int64)
    rows, sums = np.bincount(codes), np.bincount(codes, weights=target)
    rates = (sums + SMOOTHING_ROWS * target.mean()) / (rows + SMOOTHING_ROWS)
    return {value: float(rates[code]) for value, code in place.items()}


def leakage(found: dict[str, float], gate: Leakage | None) -> Iterator[Check]:
    """Block each feature that alone ranks better than the limit."""
    if gate is None:
        yield off(GATE)
        return
    limit = gate.max_single_feature_auc
    leaks = {name: auc for name, auc in found.items() if auc > limit}
    for name, auc in leaks.items():
        detail = f"alone reaches a ROC AUC of {auc:.3f}, the limit is {limit:g}: it has seen the answer"
        yield Check(GATE, name, Verdict.BLOCKED, detail)
    if not leaks:
        best = max(found, key=lambda name: found[name], default="")
        told = f"the best single feature, {best}, reaches {found[best]:.3f}" if best else "no features"
        yield Check(GATE, "", Verdict.PASS, f"{told}, the limit is {limit:g}")
