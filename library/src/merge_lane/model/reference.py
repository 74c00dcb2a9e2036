"""The reference profile: features and predictions of the training rows, for later drift checks.

Sums are exact (`math.fsum`), so the profile of the same rows is the same bytes on every machine.
"""

from __future__ import annotations

import math
from collections import Counter
from typing import TYPE_CHECKING, Any

import numpy as np

from merge_lane.metrics.drift import histogram_edges, histogram_shares

if TYPE_CHECKING:
    from collections.abc import Sequence

    from merge_lane.data.columns import Arrays

LEVELS = np.linspace(0.0, 1.0, 21)
"""Levels of the quantiles that a profile keeps: 0, 0.05, ... 1."""

TOP_VALUES = 50
"""A text feature keeps the shares of its most frequent values; the rest is "other"."""


def reference(
    features: Arrays, predictions: np.ndarray, classes: Sequence[str] | None = None
) -> dict[str, Any]:
    """Return the profile of `features` (as `features.build` returns them) and of the model's predictions.

    `predictions` is (n,) for binary and regression, (n, classes) for multiclass.
    """
    return {
        "rows": len(predictions),
        "features": {name: column(values) for name, values in features.items()},
        "predictions": _predictions(predictions, classes),
    }


def column(values: np.ndarray) -> dict[str, Any]:
    """Return the profile of one feature: "kind" is number or text, "count" how many are not missing."""
    return _text(values) if values.dtype == object else _number(values.astype(np.float64))


def _number(values: np.ndarray) -> dict[str, Any]:
    present = values[~np.isnan(values)]
    profile: dict[str, Any] = {"kind": "number", **_presence(len(values), len(present))}
    if not len(present):
        return {**profile, "mean": None, "sd": None, "quantiles": []}
    mean = math.fsum(present) / len(present)
    variance = math.fsum((present - mean) ** 2) / len(present)
    return {**profile, "mean": mean, "sd": math.sqrt(variance), "quantiles": quantiles(present)}


def _text(values: np.ndarray) -> dict[str, Any]:
    counts = Counter(value for value in values.tolist() if value is not None)
    present = counts.total()
    top = sorted(counts, key=lambda text: (-counts[text], text))[:TOP_VALUES]
    return {
        "kind": "text",
        **_presence(len(values), present),
        "shares": {text: counts[text] / present for text in top},
        "other": (present - sum(counts[text] for text in top)) / present if present else 0.0,
    }


def _presence(rows: int, present: int) -> dict[str, Any]:
    return {"count": present, "missing": (rows - present) / rows if rows else 0.0}


def quantiles(present: np.ndarray) -> list[float]:
    """Return the quantiles of `present` (no NaN) at LEVELS; the values are ones that occur."""
    return [float(value) for value in np.quantile(present, LEVELS, method="inverted_cdf")]


def _predictions(predictions: np.ndarray, classes: Sequence[str] | None) -> dict[str, Any]:
    if predictions.ndim == 1:
        return _scores(predictions.astype(np.float64))
    names = classes or [str(index) for index in range(predictions.shape[1])]
    by_class = {name: _scores(predictions[:, index].astype(np.float64)) for index, name in enumerate(names)}
    chosen = np.bincount(predictions.argmax(axis=1), minlength=len(names)) / max(len(predictions), 1)
    return {"classes": by_class, "shares": {name: float(chosen[index]) for index, name in enumerate(names)}}


def _scores(scores: np.ndarray) -> dict[str, Any]:
    edges = histogram_edges(scores)
    return {
        **_number(scores),
        "edges": [float(edge) for edge in edges],
        "shares": histogram_shares(scores, edges),
    }
