"""Drift, defined once for review, canary, API and monitor: bins of predictions, distances of distributions.

A prediction falls into a bin by `Bins`; two histograms are compared by `population_stability`; two columns
of a table by `distance`, on a `Sketch` of each.
"""

from __future__ import annotations

import math
from bisect import bisect_left
from dataclasses import dataclass
from functools import cached_property
from statistics import NormalDist
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

HISTOGRAM_BINS = 20
SKETCH_LEVELS = np.linspace(0, 1, 101)
"""Levels of the quantiles that a `Sketch` keeps: 0, 0.01, ... 1."""


@dataclass(frozen=True)
class Bins:
    """The bins of predictions: numbers by `limits`, or classes by name. The last bin takes all the rest.

    Bin i of numbers holds `limits[i - 1] < value <= limits[i]`, as Prometheus counts `le`. The first has no
    lower end. The last holds what lies above all limits, infinity, NaN, and what is no number. Bins of
    classes hold one class each; the last holds every unknown class.
    """

    limits: tuple[float, ...] = ()
    classes: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.classes or self.limits) + 1

    @cached_property
    def _codes(self) -> dict[float | str, int]:
        return {name: code for code, name in enumerate(self.classes)}

    @cached_property
    def _limits(self) -> np.ndarray:
        return np.array(self.limits, dtype=np.float64)  # made once: every request of the API is counted

    def index(self, value: float | str) -> int:
        """Return the bin of one prediction: a number, or the name of a class."""
        last = len(self) - 1
        if self.classes:
            return self._codes.get(value, last)
        if isinstance(value, str) or math.isnan(value):
            return last
        return bisect_left(self.limits, value)

    def count(self, values: np.ndarray) -> np.ndarray:
        """Return (bins,) int64: how many of the numbers `values` (n,) fall into each bin; as `index` does."""
        return np.bincount(np.searchsorted(self._limits, values), minlength=len(self))

    def to_json(self) -> list[float] | list[str]:
        """Return the limits, or the names of the classes; `from_json` is its inverse."""
        return list(self.classes) or list(self.limits)

    @classmethod
    def from_json(cls, values: Sequence[float] | Sequence[str]) -> Bins:
        """Return the bins of limits (numbers) or of classes (texts)."""
        if values and isinstance(values[0], str):
            return cls(classes=tuple(str(value) for value in values))
        return cls(limits=tuple(float(value) for value in values))


def prediction_bins(reference: Mapping[str, Any]) -> Bins:
    """Return the bins in which a model's predictions are counted, from its `reference.json` (or {}).

    Limits are the edges of the reference's histogram, so that its shares can be compared, and the quantiles
    in training, so that a model of a rare event does not have all its predictions in one bin. Without a
    reference the limits are 0.05, 0.1, ... 1. A multiclass model has a bin for each class.
    """
    predictions = reference.get("predictions", {})
    if "classes" in predictions:
        return Bins(classes=tuple(predictions["classes"]))
    edges = predictions.get("edges") or histogram_edges(np.empty(0)).tolist()
    return Bins(limits=tuple(sorted({*edges[1:], *predictions.get("quantiles", [])[1:-1]})))


def histogram_edges(scores: np.ndarray) -> np.ndarray:
    """Return 21 edges of equal width for `scores` (n,): of [0, 1] for probabilities, else of their range."""
    low, high = (float(scores.min()), float(scores.max())) if len(scores) else (0.0, 1.0)
    if low >= 0.0 and high <= 1.0:
        low, high = 0.0, 1.0
    return np.linspace(low, high if high > low else low + 1.0, HISTOGRAM_BINS + 1)


def histogram_shares(scores: np.ndarray, edges: np.ndarray) -> list[float]:
    """Return (20,) the share of `scores` (n,) in each bin between `edges`, which hold all of them."""
    counts = Bins(limits=tuple(edges[1:].tolist())).count(scores)
    return [float(count) / max(len(scores), 1) for count in counts[:-1]]


def population_stability(base: Sequence[int], current: Sequence[int]) -> tuple[float, float]:
    """Return the population stability index of two histograms, and its 0.999 quantile under no shift.

    `base` and `current` (bins,) are counts by the same bins. Raises ValueError where the lengths differ.

    PSI = sum (p - q) ln(p / q), with half a count added to every bin that either has, so that an empty bin
    has a finite part. Without a shift PSI / (1/n + 1/m) follows a chi-square law of bins - 1 degrees of
    freedom (Yurdakul, "Statistical Properties of Population Stability Index", 2018).
    """
    counts = np.array([base, current], dtype=float)
    counts = counts[:, counts.sum(axis=0) > 0] + 0.5
    totals = counts.sum(axis=1)
    p, q = counts / totals[:, None]
    index = float(((p - q) * np.log(p / q)).sum())
    return index, float((1 / totals).sum() * chi_square_quantile(0.999, counts.shape[1] - 1))


def chi_square_quantile(level: float, freedom: int) -> float:
    """Return the `level` (between 0 and 1) quantile of chi-square; 0 for fewer than 1 degree of freedom.

    Wilson and Hilferty, "The distribution of chi-square" (PNAS 17, 1931): within 3.5% at level 0.999.
    """
    if freedom < 1:
        return 0.0
    step = 2 / (9 * freedom)
    return float(freedom * (1 - step + NormalDist().inv_cdf(level) * math.sqrt(step)) ** 3)


@dataclass(frozen=True)
class Sketch:
    """One column in short: quantiles and standard deviation of numbers, or shares of texts; share of missing.

    `quantiles` (101,) are at SKETCH_LEVELS; None for texts, and where no number is there.
    """

    missing: float
    quantiles: np.ndarray | None
    spread: float
    shares: dict[str, float]


def sketch(values: np.ndarray) -> Sketch:
    """Return the sketch of a column (n,): numbers with NaN for missing, or texts as objects with None."""
    if values.dtype == object:
        texts = [value for value in values.tolist() if value is not None]
        names, counts = np.unique(np.array(texts, dtype=str), return_counts=True)
        shares = {str(text): count / len(texts) for text, count in zip(names, counts.tolist(), strict=True)}
        return Sketch(1 - len(texts) / max(len(values), 1), None, 0.0, shares)
    known = values[np.isfinite(values)]
    quantiles = np.quantile(known, SKETCH_LEVELS) if len(known) else None
    missing = 1 - len(known) / max(len(values), 1)
    return Sketch(missing, quantiles, float(known.std()) if len(known) else 0.0, {})


@dataclass(frozen=True)
class Distance:
    """How far two columns lie apart; 0 where a part does not apply.

    `numbers` in standard deviations, `categories` from 0 to 1, `missing` as a difference of shares.
    """

    numbers: float = 0.0
    categories: float = 0.0
    missing: float = 0.0


def distance(one: Sketch, other: Sketch) -> Distance:
    """Return the distance of two sketches of the same column, each part by its own measure."""
    return Distance(
        numbers=wasserstein(one, other),
        categories=jensen_shannon(one.shares, other.shares),
        missing=abs(one.missing - other.missing),
    )


def wasserstein(one: Sketch, other: Sketch) -> float:
    """Return the Wasserstein-1 distance in units of the larger standard deviation; 0 without numbers.

    On a line it is the mean distance of equal quantiles (Vallender, Theory of Probability 18, 1974), here
    over the 101 quantiles of each sketch.
    """
    if one.quantiles is None or other.quantiles is None:
        return 0.0
    moved = float(np.abs(one.quantiles - other.quantiles).mean())
    return moved / max(one.spread, other.spread) if moved else 0.0


def jensen_shannon(one: Mapping[str, float], other: Mapping[str, float]) -> float:
    """Return the Jensen-Shannon distance (base 2): 0 for equal shares, 1 for nothing in common.

    `one` and `other` are shares by name; 0 where either has none. The square root of the divergence is a
    metric (Endres and Schindelin, IEEE Transactions on Information Theory 49, 2003).
    """
    if not one or not other:
        return 0.0
    names = sorted({*one, *other})
    p, q = (np.array([shares.get(name, 0.0) for name in names]) for shares in (one, other))
    middle = (p + q) / 2
    divergence = sum(
        float(np.sum(part * np.log2(part / middle, where=part > 0, out=np.zeros_like(part))))
        for part in (p, q)
    )
    return float(np.sqrt(max(divergence / 2, 0.0)))
