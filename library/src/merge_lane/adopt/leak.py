"""Measure how well one column alone predicts the target, out of fold: a group of one row predicts nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from merge_lane.metrics.ranking import delong

if TYPE_CHECKING:
    from merge_lane.adopt.survey import Profile

LIMIT = 0.98
"""From here on a column knows the outcome, whatever the measure of the task is."""

MEASURE = {"binary": "ROC AUC", "multiclass": "Cohen's kappa", "regression": "R²"}
MAX_BINS = 200
ROWS_PER_BIN = 10


def reason(values: pl.Series, column: Profile, target: np.ndarray, task: str) -> str:
    """Return why a column is left out as a leak, or nothing."""
    measured = strength(values, column, target, task)
    if measured < LIMIT:
        return ""
    return f"left out: alone it predicts the target ({MEASURE[task]} {measured:.3f}): written afterwards?"


def strength(values: pl.Series, column: Profile, target: np.ndarray, task: str) -> float:
    """Return how well `values` (n,) alone predict `target` (n,): see MEASURE; 0 without any variation."""
    if len(np.unique(target)) < 2:  # noqa: PLR2004 - a sample may hold one class of a rare target
        return 0.0
    guess = _out_of_fold(_groups(values, column), _columns(target, task))
    if task == "binary":
        folded = delong(target, guess[:, 0]).value
        return max(folded, _monotone(values, column, target))
    if task == "multiclass":
        return _kappa(guess.argmax(axis=1), target.astype(np.int64))
    spread = float(((target - target.mean()) ** 2).sum())
    return 1.0 - float(((target - guess[:, 0]) ** 2).sum()) / spread if spread else 0.0


def _kappa(guess: np.ndarray, target: np.ndarray) -> float:
    """Return the accuracy above chance: always guessing the most frequent class earns nothing."""
    classes = int(max(guess.max(), target.max())) + 1
    shares = [np.bincount(codes, minlength=classes) / len(codes) for codes in (guess, target)]
    chance = float(shares[0] @ shares[1])
    return (float((guess == target).mean()) - chance) / (1.0 - chance) if chance < 1.0 else 0.0


def _monotone(values: pl.Series, column: Profile, target: np.ndarray) -> float:
    """Return the ROC AUC of a number as it stands, in its better direction."""
    if column.dtype not in ("int", "float"):
        return 0.0
    auc = delong(target, values.cast(pl.Float64).fill_null(float("-inf")).to_numpy()).value
    return max(auc, 1.0 - auc)


def _groups(values: pl.Series, column: Profile) -> np.ndarray:
    """Return the group (n,) of each row: its value, or the range of about equal count that holds it."""
    if column.dtype in ("str", "bool"):
        return values.cast(pl.String).fill_null("").rank("dense").to_numpy().astype(np.int64) - 1
    number = values.dt.epoch("us").cast(pl.Float64) if column.dtype == "datetime" else values.cast(pl.Float64)
    bins = min(MAX_BINS, max(2, len(number) // ROWS_PER_BIN))
    present = number.drop_nulls().to_numpy()
    cuts = np.unique(np.quantile(present, np.linspace(0, 1, bins + 1)[1:-1])) if len(present) else np.empty(0)
    ranges = np.searchsorted(cuts, number.fill_null(0.0).to_numpy())
    groups: np.ndarray = np.where(number.is_null(), len(cuts) + 1, ranges)
    return groups


def _columns(target: np.ndarray, task: str) -> np.ndarray:
    column = target[:, None]
    chosen = column == np.arange(int(target.max()) + 1) if task == "multiclass" else column
    return np.asarray(chosen, dtype=np.float64)


def _out_of_fold(groups: np.ndarray, target: np.ndarray) -> np.ndarray:
    """Return the mean target (n, k) of each row's group among the rows of the other fold."""
    fold = np.arange(len(groups)) % 2
    guess = np.empty_like(target)
    for held_out in (0, 1):
        train, test = fold != held_out, fold == held_out
        size = int(groups.max()) + 1
        rows = np.bincount(groups[train], minlength=size)[:, None]
        sums = np.column_stack(
            [np.bincount(groups[train], weights=t, minlength=size) for t in target[train].T]
        )
        mean = target[train].mean(axis=0)
        guess[test] = ((sums + mean) / (rows + 1))[groups[test]]
    return guess
