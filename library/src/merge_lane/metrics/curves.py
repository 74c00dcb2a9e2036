"""Points of the curves that people look at: few enough for a small CSV, the ends always among them."""

from __future__ import annotations

import numpy as np

from merge_lane.metrics.measures import bin_of

MAX_POINTS = 200

Curve = dict[str, np.ndarray]
"""Columns of a curve, all of one length (at most MAX_POINTS)."""


def curves(task: str, labels: np.ndarray, scores: np.ndarray, bins: int) -> dict[str, Curve]:
    """Return the curves `roc`, `pr`, `calibration` and `gain` of any task.

    Binary: of the positive class. Multiclass: roc, pr and gain of all (row, class) pairs together (the
    micro-average), calibration of the top class. Regression: roc and pr without points, gain of the label's
    sum, calibration of means.
    """
    if task == "regression":
        return _of_regression(labels.astype(np.float64), scores.astype(np.float64), bins)
    if task == "multiclass":
        hit, top = (scores.argmax(axis=1) == labels).astype(np.float64), scores.max(axis=1)
        positive = (labels[:, None] == np.arange(scores.shape[1])).astype(np.float64)
        return _ranked(positive.ravel(), scores.ravel()) | {"calibration": _calibration(hit, top, bins)}
    positive = labels.astype(np.float64)
    return _ranked(positive, scores) | {"calibration": _calibration(positive, scores, bins)}


def _ranked(positive: np.ndarray, scores: np.ndarray) -> dict[str, Curve]:
    order = np.argsort(-scores, kind="stable")
    threshold, start = np.unique(-scores[order], return_index=True)
    ends = np.append(start[1:], len(order)) - 1
    true = np.cumsum(positive[order])[ends]
    false = ends + 1 - true
    with np.errstate(invalid="ignore", divide="ignore"):
        recall, chosen = true / true[-1], true + false
        roc = {"fpr": _from_zero(false / false[-1]), "tpr": _from_zero(recall)}
        gain = {"share_of_rows": _from_zero(chosen / chosen[-1]), "share_found": _from_zero(recall)}
    pr = {"recall": recall, "precision": true / chosen, "threshold": -threshold.astype(np.float64)}
    return {"roc": _thin(roc), "pr": _thin(pr), "gain": _thin(gain)}


def _from_zero(values: np.ndarray) -> np.ndarray:
    return np.concatenate([[0.0], values])


def _thin(curve: Curve) -> Curve:
    """Keep at most MAX_POINTS points, evenly along the rows, first and last included."""
    length = len(next(iter(curve.values())))
    kept = np.unique(np.linspace(0, length - 1, min(length, MAX_POINTS)).round().astype(np.int64))
    return {name: values[kept] for name, values in curve.items()}


def _calibration(hit: np.ndarray, probability: np.ndarray, bins: int) -> Curve:
    """Return mean prediction, observed share and rows of every equal-width bin that has rows."""
    return _means(bin_of(probability.astype(np.float64), bins), bins, probability, hit)


def _means(index: np.ndarray, bins: int, predicted: np.ndarray, observed: np.ndarray) -> Curve:
    rows = np.bincount(index, minlength=bins)
    full = rows > 0
    sums = (np.bincount(index, weights=values, minlength=bins)[full] for values in (predicted, observed))
    mean_predicted, mean_observed = (total / rows[full] for total in sums)
    return {"predicted": mean_predicted, "observed": mean_observed, "rows": rows[full]}


def _of_regression(labels: np.ndarray, scores: np.ndarray, bins: int) -> dict[str, Curve]:
    """Bins of equal count, since a label has no natural range."""
    order = np.argsort(-scores, kind="stable")
    rank = np.empty(len(order), dtype=np.int64)
    rank[order[::-1]] = np.arange(len(order))
    with np.errstate(invalid="ignore", divide="ignore"):
        share = np.cumsum(labels[order]) / labels.sum()
    gain = {"share_of_rows": np.linspace(0, 1, len(labels) + 1), "share_found": _from_zero(share)}
    return {
        "roc": {"fpr": np.empty(0), "tpr": np.empty(0)},
        "pr": {"recall": np.empty(0), "precision": np.empty(0), "threshold": np.empty(0)},
        "gain": _thin(gain),
        "calibration": _means(rank * bins // len(labels), bins, scores, labels),
    }
