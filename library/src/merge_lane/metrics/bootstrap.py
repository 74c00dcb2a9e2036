"""Intervals by resampling whole days: rows of one day (one storm) are not independent of each other."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, TypedDict

import numpy as np

from merge_lane.metrics.measures import prepare
from merge_lane.metrics.table import METRICS, resampled

if TYPE_CHECKING:
    from merge_lane.metrics.table import Metric, Resampled

MIN_BLOCKS = 10
"""Below this many blocks a percentile interval is far too narrow, so there is none."""

MIN_DEFINED = 0.9
"""The share of resamples in which a metric must be defined (both classes present) to have an interval."""

MAX_ROW_BLOCKS = 1000
"""Rows without a time get at most this many blocks: as good as row by row, and 100 times smaller."""


class Interval(TypedDict):
    """A metric and its interval; None where there is too little data for it."""

    value: float | None
    low: float | None
    high: float | None


class Difference(TypedDict):
    """A metric of two models on the same rows; `difference` is candidate - base, as are `low` and `high`."""

    base: float | None
    candidate: float | None
    difference: float | None
    low: float | None
    high: float | None


def day_blocks(times: np.ndarray) -> np.ndarray:
    """Return (n,) the number of each row's day, 0 for the first; `times` (n,) is datetime64."""
    return np.unique(times.astype("datetime64[D]"), return_inverse=True)[1]


def row_blocks(rows: int) -> np.ndarray:
    """Return (rows,) the blocks of rows that have no time: assigned in turn, at most MAX_ROW_BLOCKS."""
    return np.arange(rows) % MAX_ROW_BLOCKS


def bootstrap_weights(blocks: np.ndarray, n: int, seed: int) -> np.ndarray:
    """Return (n, blocks) uint16: how often each of n resamples draws each block. Same seed, same answer."""
    count = int(blocks.max()) + 1
    drawn = np.random.default_rng(seed).integers(0, count, size=(n, count))
    cells = drawn + count * np.arange(n)[:, None]
    return np.bincount(cells.ravel(), minlength=n * count).reshape(n, count).astype(np.uint16)


@dataclass(frozen=True)
class Resampling:
    """Which rows belong together and how often each resample draws them, the same for all models."""

    blocks: np.ndarray
    """(n,) the block of each row."""
    weights: np.ndarray
    """(resamples, blocks): how often each block counts."""
    confidence: float
    bins: int
    """Of the calibration error."""

    @classmethod
    def of(
        cls, times: np.ndarray | None, rows: int, *, bootstrap: int, confidence: float, bins: int, seed: int
    ) -> Resampling:
        """Block `rows` rows by the day of `times` (without times they are independent), draw resamples."""
        blocks = row_blocks(rows) if times is None else day_blocks(times)
        return cls(blocks, bootstrap_weights(blocks, bootstrap, seed), confidence, bins)

    def part(self, rows: np.ndarray) -> Resampling:
        """Return the same resamples of a part of the rows: `rows` is a mask or an index."""
        return replace(self, blocks=self.blocks[rows])

    @property
    def enough(self) -> bool:
        """True where the rows lie in enough blocks for an interval."""
        return len(np.unique(self.blocks)) >= MIN_BLOCKS

    def of_measure(self, task: str, labels: np.ndarray, scores: np.ndarray) -> Resampled:
        """Return every metric (1 + resamples,): of all rows once, then of each resample."""
        once = np.ones((1, self.weights.shape[1]), dtype=self.weights.dtype)
        rows = prepare(task, labels, scores, blocks=self.blocks, count=self.weights.shape[1], bins=self.bins)
        return resampled(task, rows, np.vstack([once, self.weights]))

    def percentiles(self, values: np.ndarray) -> tuple[float | None, float | None]:
        """Return the ends of the percentile interval of `values` (resamples,), or None where unusable."""
        defined = values[np.isfinite(values)]
        if not self.enough or len(defined) < MIN_DEFINED * len(values):
            return None, None
        tail = (1 - self.confidence) / 2
        low, high = np.quantile(defined, [tail, 1 - tail])
        return float(low), float(high)


def point(
    task: str, labels: np.ndarray, scores: np.ndarray, *, bins: int, row_weights: np.ndarray | None = None
) -> dict[str, float]:
    """Return every metric of the task, NaN where undefined.

    `labels` (n,), `scores` (n,) or (n, k), `row_weights` (n,) of int: how often each row counts.
    """
    weights = np.ones(len(labels), dtype=np.int64) if row_weights is None else row_weights
    rows = prepare(task, labels, scores, blocks=np.arange(len(labels)), count=len(labels), bins=bins)
    return {name: float(values[0]) for name, values in resampled(task, rows, weights[None, :]).items()}


def intervals(
    task: str, labels: np.ndarray, scores: np.ndarray, resampling: Resampling
) -> dict[str, Interval]:
    """Return every metric with its percentile interval; `labels` (n,), `scores` (n,) or (n, k)."""
    measured = resampling.of_measure(task, labels, scores)
    return {name: _interval(values, resampling) for name, values in measured.items()}


def paired_intervals(
    task: str, labels: np.ndarray, base: np.ndarray, candidate: np.ndarray, resampling: Resampling
) -> dict[str, Difference]:
    """Return candidate - base of every metric with its interval, both models on the same resampled rows.

    Where zero is best (a mean error), the difference is that of the absolute values.
    """
    before = resampling.of_measure(task, labels, base)
    after = resampling.of_measure(task, labels, candidate)
    return {
        name: _difference(metric, before[name], after[name], resampling)
        for name, metric in METRICS[task].items()
    }


def _interval(values: np.ndarray, resampling: Resampling) -> Interval:
    low, high = resampling.percentiles(values[1:])
    return Interval(value=_number(values[0]), low=low, high=high)


def _difference(
    metric: Metric, base: np.ndarray, candidate: np.ndarray, resampling: Resampling
) -> Difference:
    zero = metric.better == "zero"
    gaps = np.abs(candidate) - np.abs(base) if zero else candidate - base
    low, high = resampling.percentiles(gaps[1:])
    before, after, gap = _number(base[0]), _number(candidate[0]), _number(gaps[0])
    return Difference(base=before, candidate=after, difference=gap, low=low, high=high)


def _number(value: float) -> float | None:
    return float(value) if math.isfinite(value) else None
