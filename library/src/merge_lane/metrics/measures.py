"""The metrics of each task, prepared once and then had for any number of resamples of whole blocks.

A resample says how often each block (a day) counts. Sums over rows (Brier, log loss, calibration bins) are
kept per block, so a resample costs one small product; ranks are kept sorted, so it costs one running sum.
Nothing is approximated: the result is that of repeating the rows.
"""

from __future__ import annotations

from typing import Protocol

import numpy as np

from merge_lane.metrics.ranking import Ranking, ratio

Resampled = dict[str, np.ndarray]
"""A metric's values by its name, one for each resample; NaN where a resample leaves it undefined."""


class Measure(Protocol):
    """Labels and scores of a task, ready for `resampled`."""

    def resampled(self, multiplicity: np.ndarray) -> Resampled:
        """Return every metric (m,) for `multiplicity` (m, blocks): how often each block's rows count."""
        ...


class BlockSums:
    """Sums of values over the rows of each block."""

    def __init__(self, blocks: np.ndarray, count: int) -> None:
        self.blocks = blocks
        self.count = count

    def of(self, values: np.ndarray) -> np.ndarray:
        """Return (blocks,): the sum of `values` (n,) in each block."""
        return np.bincount(self.blocks, weights=values, minlength=self.count)

    def by_bin(self, values: np.ndarray, bins: np.ndarray, size: int) -> np.ndarray:
        """Return (blocks, size): the sum of `values` (n,) in each block and bin."""
        cells = self.blocks * size + bins
        return np.bincount(cells, weights=values, minlength=self.count * size).reshape(self.count, size)


class Calibration:
    """Expected calibration error over equal-width bins of [0, 1] (Naeini et al. 2015, Guo et al. 2017).

    Equal width and not equal count: the bins then hang on neither the model nor the resample, so two models
    are compared on the same bins.
    """

    def __init__(self, hit: np.ndarray, probability: np.ndarray, sums: BlockSums, bins: int) -> None:
        where = bin_of(probability, bins)
        self.gap = sums.by_bin(hit - probability, where, bins)
        self.rows = sums.of(np.ones_like(probability))

    def error(self, multiplicity: np.ndarray) -> np.ndarray:
        """Return (m,): the mean over rows of |observed - predicted| of the row's bin."""
        return ratio(np.abs(multiplicity @ self.gap).sum(axis=1), multiplicity @ self.rows)


def bin_of(probability: np.ndarray, bins: int) -> np.ndarray:
    """Return each probability's bin of equal width; 1.0 lies in the last."""
    return np.minimum((probability * bins).astype(np.int64), bins - 1)


class Binary:
    """Labels 0 or 1 (n,), scores P(positive) (n,)."""

    def __init__(
        self, labels: np.ndarray, scores: np.ndarray, blocks: np.ndarray, count: int, bins: int
    ) -> None:
        labels, scores = labels.astype(np.float64), scores.astype(np.float64)
        sums = BlockSums(blocks, count)
        self.blocks = blocks
        self.ranking = Ranking.of(labels, scores)
        self.rows = sums.of(np.ones_like(labels))
        self.squared = sums.of((scores - labels) ** 2)
        self.surprise = sums.of(-np.log(_clip(np.where(labels > 0, scores, 1 - scores))))
        self.calibration = Calibration(labels, scores, sums, bins)

    def resampled(self, multiplicity: np.ndarray) -> Resampled:
        """Return the five metrics of a binary task."""
        weight = multiplicity.astype(np.float64)
        rows = weight @ self.rows
        roc, precision = self.ranking.areas(multiplicity, self.blocks)
        return {
            "roc_auc": roc,
            "pr_auc": precision,
            "brier": ratio(weight @ self.squared, rows),
            "log_loss": ratio(weight @ self.surprise, rows),
            "ece": self.calibration.error(weight),
        }


class Multiclass:
    """Labels 0..k-1 (n,), scores (n, k): the probability of each class."""

    def __init__(
        self, labels: np.ndarray, scores: np.ndarray, blocks: np.ndarray, count: int, bins: int
    ) -> None:
        labels, scores = labels.astype(np.int64), scores.astype(np.float64)
        sums, top, size = BlockSums(blocks, count), scores.argmax(axis=1), scores.shape[1]
        one, hit = np.ones(len(labels)), (top == labels).astype(np.float64)
        self.blocks = blocks
        self.rankings = [Ranking.of(labels == k, scores[:, k]) for k in range(size)]
        self.rows, self.hits = sums.of(one), sums.of(hit)
        self.surprise = sums.of(-np.log(_clip(scores[range(len(labels)), labels])))
        self.calibration = Calibration(hit, scores.max(axis=1), sums, bins)
        self.found = sums.by_bin(hit, top, size)
        self.named = sums.by_bin(one, top, size) + sums.by_bin(one, labels, size)

    def resampled(self, multiplicity: np.ndarray) -> Resampled:
        """Return the five metrics of a multiclass task."""
        weight = multiplicity.astype(np.float64)
        rows = weight @ self.rows
        roc = [ranking.areas(multiplicity, self.blocks)[0] for ranking in self.rankings]
        return {
            "log_loss": ratio(weight @ self.surprise, rows),
            "accuracy": ratio(weight @ self.hits, rows),
            "roc_auc": np.mean(roc, axis=0),
            "f1": self._f1(weight),
            "ece": self.calibration.error(weight),
        }

    def _f1(self, weight: np.ndarray) -> np.ndarray:
        """Return the mean F1 over the classes that are true or predicted in the resample."""
        named = weight @ self.named
        f1 = np.divide(2 * (weight @ self.found), named, out=np.zeros_like(named), where=named > 0)
        return ratio(f1.sum(axis=1), (named > 0).sum(axis=1).astype(np.float64))


class Regression:
    """Labels (n,) and predictions (n,) in the label's unit."""

    def __init__(
        self,
        labels: np.ndarray,
        scores: np.ndarray,
        blocks: np.ndarray,
        count: int,
        bins: int,  # noqa: ARG002
    ) -> None:
        labels, error = labels.astype(np.float64), scores.astype(np.float64) - labels
        sums, centred = BlockSums(blocks, count), labels - labels.mean()
        self.rows = sums.of(np.ones_like(labels))
        self.error, self.absolute, self.squared = sums.of(error), sums.of(np.abs(error)), sums.of(error**2)
        # Centred first: a variance as a difference of large squares would lose its digits.
        self.label, self.label_squared = sums.of(centred), sums.of(centred**2)

    def resampled(self, multiplicity: np.ndarray) -> Resampled:
        """Return the four metrics of a regression task."""
        weight = multiplicity.astype(np.float64)
        rows = weight @ self.rows
        squared = weight @ self.squared
        spread = weight @ self.label_squared - ratio((weight @ self.label) ** 2, rows)
        return {
            "mae": ratio(weight @ self.absolute, rows),
            "rmse": np.sqrt(ratio(squared, rows)),
            "r2": 1 - ratio(squared, spread),
            "mean_error": ratio(weight @ self.error, rows),
        }


MEASURES: dict[str, type[Binary | Multiclass | Regression]] = {
    "binary": Binary,
    "multiclass": Multiclass,
    "regression": Regression,
}


def measure(
    task: str, labels: np.ndarray, scores: np.ndarray, *, blocks: np.ndarray, count: int, bins: int
) -> Measure:
    """Prepare a task's metrics. `blocks` (n,) are 0..count-1. Raises ValueError for unusable rows."""
    if not (len(labels) == len(scores) == len(blocks) and len(labels)):
        raise ValueError(f"{len(labels)} labels, {len(scores)} scores, {len(blocks)} blocks: one a row")
    if not np.isfinite(scores).all() or not np.isfinite(np.asarray(labels, dtype=np.float64)).all():
        raise ValueError("labels and scores must be finite numbers")
    return MEASURES[task](labels, scores, blocks.astype(np.int64), count, bins)


def _clip(probability: np.ndarray) -> np.ndarray:
    """Keep a logarithm finite: a certain and wrong prediction costs 36, not infinity."""
    smallest = np.finfo(np.float64).eps
    clipped: np.ndarray = np.clip(probability, smallest, 1 - smallest)
    return clipped
