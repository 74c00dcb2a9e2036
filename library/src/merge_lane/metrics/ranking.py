"""Metrics of the order of scores, for many sets of row weights after one sort. Exact, ties included."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator

CHUNK_CELLS = 1 << 19
"""Resamples x rows handled at once: 4 MB of int64, which stays in a core's cache."""


@dataclass(frozen=True)
class Ranking:
    """Rows sorted once by falling score, and where the groups of equal scores that hold a positive lie.

    Only those groups move either area, so all but one running sum is over positives alone. The sums are of
    integers: exact, and several times faster than of floats.
    """

    order: np.ndarray
    positives: np.ndarray
    """Ranks of the positive rows."""
    last_positive: np.ndarray
    """Of each group: the index in `positives` of its last one."""
    first: np.ndarray
    """Of each group: its first rank."""
    after: np.ndarray
    """Of each group: the rank after its last."""

    @classmethod
    def of(cls, positive: np.ndarray, scores: np.ndarray) -> Ranking:
        """Sort `scores` (n,) with `positive` (n,) of 0 and 1."""
        order = np.argsort(-scores, kind="stable")
        ranked = scores[order]
        starts = np.concatenate([[0], np.flatnonzero(ranked[1:] != ranked[:-1]) + 1])
        positives = np.flatnonzero(positive[order])
        group = np.searchsorted(starts, positives, side="right") - 1
        last = np.flatnonzero(np.append(group[1:] != group[:-1], True)[: len(group)])
        bounds = np.append(starts, len(order))
        return cls(order, positives, last, bounds[group[last]], bounds[group[last] + 1])

    def areas(self, multiplicity: np.ndarray, blocks: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return ROC AUC and average precision (m,) where row i counts `multiplicity[:, blocks[i]]` times."""
        by_rank = blocks[self.order]
        pieces = [
            self._areas(np.take(chunk, by_rank, axis=1)) for chunk in _chunks(multiplicity, len(by_rank))
        ]
        roc, precision = zip(*pieces, strict=True)
        return np.concatenate(roc), np.concatenate(precision)

    def _areas(self, weights: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return both areas (m,) for integer `weights` (m, n) by rank."""
        everything = np.zeros((len(weights), weights.shape[1] + 1), dtype=np.int64)
        np.cumsum(weights, axis=1, out=everything[:, 1:])
        true = np.cumsum(weights[:, self.positives], axis=1)[:, self.last_positive]
        rise = np.diff(true, axis=1, prepend=0)
        through = everything[:, self.after]
        false_twice = everything[:, self.first] - (true - rise) + through - true
        all_true = true[:, -1] if true.shape[1] else np.zeros(len(true), dtype=np.int64)
        roc = _roc_area(rise, false_twice, everything[:, -1] - all_true, all_true)
        return roc, _average_precision(rise, true, through, all_true)


def _chunks(multiplicity: np.ndarray, rows: int) -> Iterator[np.ndarray]:
    step = max(1, CHUNK_CELLS // max(rows, 1))
    for start in range(0, len(multiplicity), step):
        yield multiplicity[start : start + step].astype(np.int64)


def _roc_area(
    rise: np.ndarray, false_twice: np.ndarray, all_false: np.ndarray, all_true: np.ndarray
) -> np.ndarray:
    """Return the share of (positive, negative) pairs in the right order, ties as half; NaN without pairs.

    `false_twice` is the negatives above each group of equal scores plus those up to its end.
    """
    pairs_twice = (rise * (2 * all_false[:, None] - false_twice)).sum(axis=1)
    return ratio(pairs_twice, 2 * all_true * all_false)


def _average_precision(
    rise: np.ndarray, true: np.ndarray, chosen: np.ndarray, all_true: np.ndarray
) -> np.ndarray:
    """Return the sum of precision x rise of recall over the thresholds; NaN without positives."""
    precision = np.divide(true, chosen, out=np.zeros(true.shape), where=chosen > 0)
    return ratio((rise * precision).sum(axis=1), all_true)


def ratio(above: np.ndarray, below: np.ndarray) -> np.ndarray:
    """Return above / below, both (m,); NaN where `below` is not positive."""
    share = np.full(above.shape, np.nan)
    np.divide(above, below, out=share, where=below > 0)
    return share


@dataclass(frozen=True)
class DeLong:
    """An AUC (or a difference of two) and its standard error, from DeLong, DeLong & Clarke-Pearson (1988)."""

    value: float
    standard_error: float


def delong(positive: np.ndarray, scores: np.ndarray) -> DeLong:
    """Return the AUC and its standard error for independent rows, by midranks (Sun & Xu, 2014)."""
    of_positive, of_negative, value = _placements(positive, scores)
    return DeLong(value, _standard_error(of_positive, of_negative))


def delong_paired(positive: np.ndarray, base: np.ndarray, candidate: np.ndarray) -> DeLong:
    """Return candidate AUC minus base AUC on the same rows, and the standard error of that difference."""
    first, second = _placements(positive, base), _placements(positive, candidate)
    error = _standard_error(second[0] - first[0], second[1] - first[1])
    return DeLong(second[2] - first[2], error)


def _placements(positive: np.ndarray, scores: np.ndarray) -> tuple[np.ndarray, np.ndarray, float]:
    """Return each positive's share of negatives below, each negative's of positives above, and the AUC."""
    is_positive = np.asarray(positive, dtype=bool)
    above, below = scores[is_positive], scores[~is_positive]
    if not len(above) or not len(below):
        return np.empty(0), np.empty(0), math.nan
    ranks = _midranks(scores)
    of_positive = (ranks[is_positive] - _midranks(above)) / len(below)
    of_negative = 1 - (ranks[~is_positive] - _midranks(below)) / len(above)
    return of_positive, of_negative, float(of_positive.mean())


def _midranks(values: np.ndarray) -> np.ndarray:
    """Return ranks from 1; equal values share the middle of theirs."""
    _, group, size = np.unique(values, return_inverse=True, return_counts=True)
    last = np.cumsum(size)
    return (last - (size - 1) / 2)[group]


def _standard_error(of_positive: np.ndarray, of_negative: np.ndarray) -> float:
    if min(len(of_positive), len(of_negative)) < 2:  # noqa: PLR2004 - a variance needs two values
        return math.nan
    variance = of_positive.var(ddof=1) / len(of_positive) + of_negative.var(ddof=1) / len(of_negative)
    return math.sqrt(float(variance))
