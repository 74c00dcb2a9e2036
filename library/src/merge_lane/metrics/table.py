"""Which metrics each task has, and which way each of them is better."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Better = Literal["higher", "lower", "zero"]


@dataclass(frozen=True)
class Metric:
    """One metric: its name in files, its title for people, and which way it is better."""

    name: str
    title: str
    better: Better

    def gain(self, base: float, candidate: float) -> float:
        """Return how much better `candidate` is than `base`: positive is better, whatever the direction."""
        if self.better == "higher":
            return candidate - base
        if self.better == "lower":
            return base - candidate
        return abs(base) - abs(candidate)


def _table(*metrics: Metric) -> dict[str, Metric]:
    return {metric.name: metric for metric in metrics}


METRICS: dict[str, dict[str, Metric]] = {
    "binary": _table(
        Metric("roc_auc", "ROC AUC", "higher"),
        Metric("pr_auc", "PR AUC", "higher"),
        Metric("brier", "Brier score", "lower"),
        Metric("log_loss", "Log loss", "lower"),
        Metric("ece", "Calibration error", "lower"),
    ),
    "multiclass": _table(
        Metric("log_loss", "Log loss", "lower"),
        Metric("accuracy", "Accuracy", "higher"),
        Metric("roc_auc", "ROC AUC (macro, one against the rest)", "higher"),
        Metric("f1", "F1 (macro)", "higher"),
        Metric("ece", "Calibration error of the top class", "lower"),
    ),
    "regression": _table(
        Metric("mae", "Mean absolute error", "lower"),
        Metric("rmse", "Root mean squared error", "lower"),
        Metric("r2", "R²", "higher"),
        Metric("mean_error", "Mean error", "zero"),
    ),
}
"""Metrics by task and name, the first of each task being the one that people quote."""
