"""The candidate next to main's model: every metric and slice on the same rows, with paired intervals."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from merge_lane.data.slices import order
from merge_lane.metrics.bootstrap import Difference, Resampling, intervals, paired_intervals, point
from merge_lane.metrics.curves import Curve, curves
from merge_lane.metrics.ranking import DeLong, delong_paired
from merge_lane.metrics.table import METRICS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from merge_lane.settings import Evaluate

BETTER, WORSE, NOISE, UNKNOWN = "better", "worse", "within noise", "no base"


@dataclass(frozen=True)
class Rows:
    """The test rows that both models are scored on: labels (n,), times (n,) or None, groups by slice (n,)."""

    task: str
    labels: np.ndarray
    times: np.ndarray | None
    slices: dict[str, np.ndarray]


@dataclass(frozen=True)
class Slice:
    """One group of rows with its metrics; `metrics` is empty where there are too few rows to judge."""

    name: str
    group: str
    rows: int
    metrics: dict[str, Difference]

    @property
    def title(self) -> str:
        """The name of the slice, as waivers write it."""
        return f"{self.name}={self.group}"


@dataclass(frozen=True)
class Comparison:
    """All that was measured. Without a base model, `base` and `difference` are None throughout."""

    task: str
    rows: int
    blocks: int
    metrics: dict[str, Difference]
    slices: list[Slice]
    delong: DeLong | None
    base_curves: dict[str, Curve] | None
    candidate_curves: dict[str, Curve]

    @property
    def has_base(self) -> bool:
        """True where a base model was scored."""
        return self.base_curves is not None

    def to_json(self) -> dict[str, Any]:
        """Return plain values, without curves."""
        return {
            "task": self.task,
            "rows": self.rows,
            "blocks": self.blocks,
            "metrics": self.metrics,
            "delong": vars(self.delong) if self.delong and math.isfinite(self.delong.value) else None,
            "slices": [vars(entry) for entry in self.slices],
        }


def compare(rows: Rows, base: np.ndarray | None, candidate: np.ndarray, params: Evaluate) -> Comparison:
    """Measure both models on `rows`; scores are (n,) or (n, classes). Without `base`, the candidate alone."""
    resampling = Resampling.of(
        rows.times,
        len(rows.labels),
        bootstrap=params.bootstrap,
        confidence=params.confidence,
        bins=params.bins,
        seed=params.seed,
    )
    return Comparison(
        task=rows.task,
        rows=len(rows.labels),
        blocks=len(np.unique(resampling.blocks)),
        metrics=differences(rows.task, rows.labels, base, candidate, resampling),
        slices=list(_slices(rows, base, candidate, resampling, params)),
        delong=_delong(rows, base, candidate),
        base_curves=None if base is None else curves(rows.task, rows.labels, base, params.bins),
        candidate_curves=curves(rows.task, rows.labels, candidate, params.bins),
    )


def differences(
    task: str, labels: np.ndarray, base: np.ndarray | None, candidate: np.ndarray, resampling: Resampling
) -> dict[str, Difference]:
    """Return every metric of both models; with no base the interval is that of the candidate's value."""
    if base is not None and np.array_equal(base, candidate):
        return _equal(task, labels, candidate, resampling)
    if base is not None:
        return paired_intervals(task, labels, base, candidate, resampling)
    alone = intervals(task, labels, candidate, resampling)
    return {
        name: Difference(
            base=None, candidate=value["value"], difference=None, low=value["low"], high=value["high"]
        )
        for name, value in alone.items()
    }


def _equal(
    task: str, labels: np.ndarray, scores: np.ndarray, resampling: Resampling
) -> dict[str, Difference]:
    """Return the differences of equal scores: 0 in every resample, so none need be drawn."""
    values = point(task, labels, scores, bins=resampling.bins)
    zero = 0.0 if resampling.enough else None
    return {
        name: Difference(base=value, candidate=value, difference=0.0, low=zero, high=zero)
        if math.isfinite(value)
        else Difference(base=None, candidate=None, difference=None, low=None, high=None)
        for name, value in values.items()
    }


def _slices(
    rows: Rows, base: np.ndarray | None, candidate: np.ndarray, resampling: Resampling, params: Evaluate
) -> Iterator[Slice]:
    for name, groups in rows.slices.items():
        values, codes = np.unique(groups.astype(str), return_inverse=True)
        for code in sorted(range(len(values)), key=lambda code: order(str(values[code]))):
            value = values[code]
            chosen = np.flatnonzero(codes == code)
            measured: dict[str, Difference] = {}
            if len(chosen) >= params.min_slice_rows:
                part = None if base is None else base[chosen]
                labels = rows.labels[chosen]
                measured = differences(rows.task, labels, part, candidate[chosen], resampling.part(chosen))
            yield Slice(name, str(value), len(chosen), measured)


def _delong(rows: Rows, base: np.ndarray | None, candidate: np.ndarray) -> DeLong | None:
    if base is None or rows.task != "binary":
        return None
    return delong_paired(rows.labels, base, candidate)


def gains(task: str, metric: str, measured: Difference) -> tuple[float, float | None, float | None] | None:
    """Return how much better the candidate is, with its interval: positive is better whichever way."""
    if measured["difference"] is None:
        return None
    sign = 1.0 if METRICS[task][metric].better == "higher" else -1.0
    ends = [None if end is None else sign * end + 0.0 for end in (measured["low"], measured["high"])]
    low, high = ends if sign > 0 else reversed(ends)
    return sign * measured["difference"] + 0.0, low, high


def mark(task: str, metric: str, measured: Difference) -> str:
    """Return whether the candidate is better or worse, or within noise (the interval holds 0)."""
    gain = gains(task, metric, measured)
    if gain is None:
        return UNKNOWN
    _, low, high = gain
    if low is not None and low > 0:
        return BETTER
    return WORSE if high is not None and high < 0 else NOISE
