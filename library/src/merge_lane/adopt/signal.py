"""How much one column alone tells of the target: out of fold, so that a group of one row tells nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from merge_lane.metrics.ranking import delong

if TYPE_CHECKING:
    from merge_lane.adopt.survey import Surveyed

LEAK = {"binary": 0.98, "multiclass": 0.99, "regression": 0.98}
"""From here on a column has seen the answer: ROC AUC, accuracy, share of the variance explained."""

MEASURE = {"binary": "ROC AUC", "multiclass": "accuracy", "regression": "R²"}
MAX_BINS = 200
ROWS_PER_BIN = 10


def strength(values: pl.Series, column: Surveyed, target: np.ndarray, task: str) -> float:
    """Return how well `values` (n,) alone predict `target` (n,): see MEASURE; 0 where it cannot be said."""
    groups = _groups(values, column)
    guess = _out_of_fold(groups, _columns(target, task))
    if task == "binary":
        folded = delong(target, guess[:, 0]).value
        return max(folded, _monotone(values, column, target))
    if task == "multiclass":
        return float((guess.argmax(axis=1) == target).mean())
    spread = float(((target - target.mean()) ** 2).sum())
    return 1.0 - float(((target - guess[:, 0]) ** 2).sum()) / spread if spread else 0.0


def _monotone(values: pl.Series, column: Surveyed, target: np.ndarray) -> float:
    """Return the ROC AUC of a number as it stands, in its better direction."""
    if column.dtype not in ("int", "float"):
        return 0.0
    auc = delong(target, values.cast(pl.Float64).fill_null(float("-inf")).to_numpy()).value
    return max(auc, 1.0 - auc)


def _groups(values: pl.Series, column: Surveyed) -> np.ndarray:
    """Return the group (n,) of each row: its value, or the range of about equal count that holds it."""
    if column.dtype in ("str", "bool"):
        return values.cast(pl.String).fill_null("").rank("dense").to_numpy().astype(np.int64) - 1
    number = values.dt.epoch("us").cast(pl.Float64) if column.dtype == "datetime" else values.cast(pl.Float64)
    bins = min(MAX_BINS, max(2, len(number) // ROWS_PER_BIN))
    present = number.drop_nulls().to_numpy()
    cuts = np.unique(np.quantile(present, np.linspace(0, 1, bins + 1)[1:-1])) if len(present) else np.empty(0)
    found: np.ndarray = np.where(
        number.is_null(), len(cuts) + 1, np.searchsorted(cuts, number.fill_null(0.0).to_numpy())
    )
    return found


def _columns(target: np.ndarray, task: str) -> np.ndarray:
    column = target[:, None]
    chosen = column == np.arange(int(target.max()) + 1) if task == "multiclass" else column
    return np.asarray(chosen, dtype=np.float64)


def _out_of_fold(groups: np.ndarray, target: np.ndarray) -> np.ndarray:
    """Return the mean target (n, k) of each row's group among the rows of the other fold."""
    fold = np.arange(len(groups)) % 2
    guess = np.empty_like(target)
    for held in (0, 1):
        learnt, asked = fold != held, fold == held
        size = int(groups.max()) + 1
        rows = np.bincount(groups[learnt], minlength=size)[:, None]
        sums = np.column_stack(
            [np.bincount(groups[learnt], weights=t, minlength=size) for t in target[learnt].T]
        )
        mean = target[learnt].mean(axis=0)
        guess[asked] = ((sums + mean) / (rows + 1))[groups[asked]]
    return guess
