"""The metrics of each task: rows are prepared once, then any number of resamples of whole blocks is cheap.

A resample says how often each block (a day) counts. Sums over rows (Brier, log loss, calibration bins) are
kept per block, so a resample costs one small product; ranks are kept sorted, so it costs one running sum.
Nothing is approximated: the result is that of repeating the rows.

Each method that takes `Draws` is a metric: it returns (m,), NaN where a resample leaves it undefined.
`metrics.table` gives them their names.
"""

from __future__ import annotations

import numpy as np

from merge_lane.metrics.ranking import Ranking, ratio


class Draws:
    """Resamples of blocks: `multiplicity` (m, blocks) of int says how often each block's rows count."""

    def __init__(self, multiplicity: np.ndarray) -> None:
        self.multiplicity = multiplicity
        self.weight = multiplicity.astype(np.float64)
        self._areas: dict[int, tuple[np.ndarray, np.ndarray]] = {}

    def areas(self, ranking: Ranking, blocks: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return ROC AUC and average precision (m,) of a ranking, computed once for both metrics."""
        if id(ranking) not in self._areas:
            self._areas[id(ranking)] = ranking.areas(self.multiplicity, blocks)
        return self._areas[id(ranking)]


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

    Equal width and not equal count: the bins then depend on neither the model nor the resample, so two models
    are compared on the same bins.
    """

    def __init__(self, hit: np.ndarray, probability: np.ndarray, sums: BlockSums, bins: int) -> None:
        self.gap = sums.by_bin(hit - probability, bin_of(probability, bins), bins)
        self.rows = sums.of(np.ones_like(probability))

    def error(self, draws: Draws) -> np.ndarray:
        """Return the mean over rows of |observed - predicted| of the row's bin."""
        return ratio(np.abs(draws.weight @ self.gap).sum(axis=1), draws.weight @ self.rows)


def bin_of(probability: np.ndarray, bins: int) -> np.ndarray:
    """Return each probability's bin of equal width; 1.0 lies in the last."""
    return np.minimum((probability * bins).astype(np.int64), bins - 1)


class Binary:
    """Labels 0 or 1 (n,), scores P(positive) (n,)."""

    def __init__(
        self, labels: np.ndarray, scores: np.ndarray, blocks: np.ndarray, count: int, bins: int
    ) -> None:
        labels, scores = labels.astype(np.float64), scores.astype(np.float64)
        self.labels, self.scores, self.blocks = labels, scores, blocks
        self.sums = sums = BlockSums(blocks, count)
        self.ranking = Ranking.of(labels, scores)
        self.rows = sums.of(np.ones_like(labels))
        self.squared = sums.of((scores - labels) ** 2)
        self.surprise = sums.of(-np.log(_clip(np.where(labels > 0, scores, 1 - scores))))
        self.calibration = Calibration(labels, scores, sums, bins)

    def roc_auc(self, draws: Draws) -> np.ndarray:
        """Return the area under the ROC curve; ties count half."""
        return draws.areas(self.ranking, self.blocks)[0]

    def pr_auc(self, draws: Draws) -> np.ndarray:
        """Return the average precision."""
        return draws.areas(self.ranking, self.blocks)[1]

    def brier(self, draws: Draws) -> np.ndarray:
        """Return the mean squared difference of probability and label (Brier 1950)."""
        return ratio(draws.weight @ self.squared, draws.weight @ self.rows)

    def log_loss(self, draws: Draws) -> np.ndarray:
        """Return the mean negative logarithm of the probability of what happened, in nats."""
        return ratio(draws.weight @ self.surprise, draws.weight @ self.rows)

    def ece(self, draws: Draws) -> np.ndarray:
        """Return the expected calibration error."""
        return self.calibration.error(draws)


class Multiclass:
    """Labels 0..k-1 (n,), scores (n, k): the probability of each class."""

    def __init__(
        self, labels: np.ndarray, scores: np.ndarray, blocks: np.ndarray, count: int, bins: int
    ) -> None:
        labels, scores = labels.astype(np.int64), scores.astype(np.float64)
        self.labels, self.scores, self.blocks = labels, scores, blocks
        self.sums = sums = BlockSums(blocks, count)
        top, size = scores.argmax(axis=1), scores.shape[1]
        one, hit = np.ones(len(labels)), (top == labels).astype(np.float64)
        self.rankings = [Ranking.of(labels == k, scores[:, k]) for k in range(size)]
        self.rows, self.hits = sums.of(one), sums.of(hit)
        self.surprise = sums.of(-np.log(_clip(scores[range(len(labels)), labels])))
        self.calibration = Calibration(hit, scores.max(axis=1), sums, bins)
        self.right = sums.by_bin(hit, top, size)
        self.named = sums.by_bin(one, top, size) + sums.by_bin(one, labels, size)

    def log_loss(self, draws: Draws) -> np.ndarray:
        """Return the mean negative logarithm of the probability of the true class, in nats."""
        return ratio(draws.weight @ self.surprise, draws.weight @ self.rows)

    def accuracy(self, draws: Draws) -> np.ndarray:
        """Return the share of rows whose most probable class is the true one."""
        return ratio(draws.weight @ self.hits, draws.weight @ self.rows)

    def roc_auc(self, draws: Draws) -> np.ndarray:
        """Return the mean over the classes of the area of one against the rest."""
        areas = [draws.areas(ranking, self.blocks)[0] for ranking in self.rankings]
        return np.asarray(np.mean(areas, axis=0))

    def ece(self, draws: Draws) -> np.ndarray:
        """Return the expected calibration error of the most probable class."""
        return self.calibration.error(draws)

    def f1(self, draws: Draws) -> np.ndarray:
        """Return the mean F1 over the classes that are true or predicted in the resample."""
        named = draws.weight @ self.named
        f1 = np.divide(2 * (draws.weight @ self.right), named, out=np.zeros_like(named), where=named > 0)
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
        self.labels, self.scores, self.blocks = labels, scores, blocks
        labels, error = labels.astype(np.float64), scores.astype(np.float64) - labels
        self.sums = sums = BlockSums(blocks, count)
        centred = labels - labels.mean()
        self.rows = sums.of(np.ones_like(labels))
        self.error, self.absolute, self.squared = sums.of(error), sums.of(np.abs(error)), sums.of(error**2)
        # Centred first: a variance as a difference of large squares would lose its digits.
        self.label, self.label_squared = sums.of(centred), sums.of(centred**2)

    def mae(self, draws: Draws) -> np.ndarray:
        """Return the mean absolute error, in the label's unit."""
        return ratio(draws.weight @ self.absolute, draws.weight @ self.rows)

    def rmse(self, draws: Draws) -> np.ndarray:
        """Return the root of the mean squared error, in the label's unit."""
        return np.asarray(np.sqrt(ratio(draws.weight @ self.squared, draws.weight @ self.rows)))

    def r2(self, draws: Draws) -> np.ndarray:
        """Return the share of the label's variance that the predictions explain."""
        rows = draws.weight @ self.rows
        spread = draws.weight @ self.label_squared - ratio((draws.weight @ self.label) ** 2, rows)
        return 1 - ratio(draws.weight @ self.squared, spread)

    def mean_error(self, draws: Draws) -> np.ndarray:
        """Return the mean of prediction - label, in the label's unit."""
        return ratio(draws.weight @ self.error, draws.weight @ self.rows)


Prepared = Binary | Multiclass | Regression
TASKS: dict[str, type[Prepared]] = {
    "binary": Binary,
    "multiclass": Multiclass,
    "regression": Regression,
}


def prepare(
    task: str, labels: np.ndarray, scores: np.ndarray, *, blocks: np.ndarray, count: int, bins: int
) -> Prepared:
    """Prepare labels (n,) and scores (n,) or (n, k) of a task; `blocks` (n,) are 0..count-1.

    Raises ValueError for unusable rows.
    """
    if not (len(labels) == len(scores) == len(blocks) and len(labels)):
        raise ValueError(f"{len(labels)} labels, {len(scores)} scores, {len(blocks)} blocks: one a row")
    if not np.isfinite(scores).all() or not np.isfinite(np.asarray(labels, dtype=np.float64)).all():
        raise ValueError("labels and scores must be finite numbers")
    return TASKS[task](labels, scores, blocks.astype(np.int64), count, bins)


def _clip(probability: np.ndarray) -> np.ndarray:
    """Keep a logarithm finite: a certain and wrong prediction costs 36, not infinity."""
    smallest = np.finfo(np.float64).eps
    clipped: np.ndarray = np.clip(probability, smallest, 1 - smallest)
    return clipped
