"""The registry of metrics: for each task the names, which way each is better, and how it is computed.

A metric of your own is one more entry of its task: evaluate measures it, and gates may name it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from merge_lane.metrics.measures import Binary, Draws, Multiclass, Regression

if TYPE_CHECKING:
    import numpy as np

    from merge_lane.metrics.measures import Prepared

Better = Literal["higher", "lower", "zero"]
Function = Callable[[Any, Draws], "np.ndarray"]
"""Takes the prepared rows of the task (`labels`, `scores`, `blocks`, ...) and m resamples; returns (m,)."""

Resampled = dict[str, "np.ndarray"]
"""A metric's values by its name, one for each resample; NaN where a resample leaves it undefined."""


@dataclass(frozen=True)
class Metric:
    """One metric: its name in files, its title for people, which way it is better, its function."""

    name: str
    title: str
    better: Better
    function: Function

    def gain(self, base: float, candidate: float) -> float:
        """Return how much better `candidate` is than `base`: positive is better, whatever the direction."""
        if self.better == "higher":
            return candidate - base
        if self.better == "lower":
            return base - candidate
        return abs(base) - abs(candidate)


def _by_name(*metrics: Metric) -> dict[str, Metric]:
    return {metric.name: metric for metric in metrics}


METRICS: dict[str, dict[str, Metric]] = {
    "binary": _by_name(
        Metric("roc_auc", "ROC AUC", "higher", Binary.roc_auc),
        Metric("pr_auc", "PR AUC", "higher", Binary.pr_auc),
        Metric("brier", "Brier score", "lower", Binary.brier),
        Metric("log_loss", "Log loss", "lower", Binary.log_loss),
        Metric("ece", "Calibration error", "lower", Binary.ece),
    ),
    "multiclass": _by_name(
        Metric("log_loss", "Log loss", "lower", Multiclass.log_loss),
        Metric("accuracy", "Accuracy", "higher", Multiclass.accuracy),
        Metric("roc_auc", "ROC AUC (macro, one against the rest)", "higher", Multiclass.roc_auc),
        Metric("f1", "F1 (macro)", "higher", Multiclass.f1),
        Metric("ece", "Calibration error of the top class", "lower", Multiclass.ece),
    ),
    "regression": _by_name(
        Metric("mae", "Mean absolute error", "lower", Regression.mae),
        Metric("rmse", "Root mean squared error", "lower", Regression.rmse),
        Metric("r2", "R²", "higher", Regression.r2),
        Metric("mean_error", "Mean error", "zero", Regression.mean_error),
    ),
}
"""Metrics by task and name, the first of each task being the one that people quote."""


def resampled(task: str, rows: Prepared, multiplicity: np.ndarray) -> Resampled:
    """Return every metric (m,) for `multiplicity` (m, blocks): how often each block's rows count."""
    draws = Draws(multiplicity)
    return {name: metric.function(rows, draws) for name, metric in METRICS[task].items()}
