"""Intervals: whole days are drawn, the same for all models; a resample equals repeated rows."""

import numpy as np
import pytest

from merge_lane.metrics import ranking
from merge_lane.metrics.bootstrap import (
    MIN_BLOCKS,
    Resampling,
    bootstrap_weights,
    day_blocks,
    intervals,
    paired_intervals,
    point,
)

ROWS = 4000


def days(rng, rows, count):
    return np.datetime64("2013-07-01", "us") + rng.integers(0, count, rows).astype("timedelta64[D]")


@pytest.fixture
def rng():
    return np.random.default_rng(11)


@pytest.fixture
def rows(rng):
    """Times, labels, scores of a fair model."""
    scores = rng.beta(2, 5, ROWS)
    return days(rng, ROWS, 60), (rng.random(ROWS) < scores).astype(float), scores


def resampling(times, *, bootstrap=200, seed=3, rows=ROWS):
    return Resampling.of(times, rows, bootstrap=bootstrap, confidence=0.95, bins=10, seed=seed)


def test_day_blocks():
    """Rows of one day share a block."""
    times = np.array(["2013-07-02T23:59", "2013-07-01T00:00", "2013-07-02T00:00"], dtype="datetime64[us]")
    assert day_blocks(times).tolist() == [1, 0, 1]


def test_weights():
    """Each resample draws as many blocks as there are."""
    weights = bootstrap_weights(np.arange(40), 50, 1)
    assert weights.shape == (50, 40)
    assert (weights.sum(axis=1) == 40).all()


def test_seed():
    """The seed decides the resamples."""
    first, again, other = (bootstrap_weights(np.arange(40), 5, seed) for seed in (1, 1, 2))
    assert (first == again).all()
    assert (first != other).any()


def test_resample(rows):
    """A resample is the metric of the repeated days."""
    times, labels, scores = rows
    drawn = resampling(times, bootstrap=3)
    resampled = drawn.of_measure("binary", labels, scores)
    repeated = np.repeat(np.arange(ROWS), drawn.weights[2][drawn.blocks])
    expected = point("binary", labels[repeated], scores[repeated], bins=10)
    assert {name: values[3] for name, values in resampled.items()} == pytest.approx(expected)


def test_slice(rows):
    """A slice is resampled by the days of the whole."""
    times, labels, scores = rows
    drawn, part = resampling(times, bootstrap=2), np.arange(ROWS) % 3 == 0
    resampled = drawn.part(part).of_measure("binary", labels[part], scores[part])
    repeated = np.repeat(np.flatnonzero(part), drawn.weights[1][drawn.blocks[part]])
    expected = point("binary", labels[repeated], scores[repeated], bins=10)
    assert resampled["roc_auc"][2] == pytest.approx(expected["roc_auc"])


def test_interval(rows):
    """The interval holds the value."""
    times, labels, scores = rows
    found = intervals("binary", labels, scores, resampling(times))
    assert found["roc_auc"]["low"] < found["roc_auc"]["value"] < found["roc_auc"]["high"]


def test_equal_models(rows):
    """A model equals itself exactly."""
    times, labels, scores = rows
    found = paired_intervals("binary", labels, scores, scores, resampling(times))
    assert all((d["difference"], d["low"], d["high"]) == (0, 0, 0) for d in found.values())


def test_pairing(rows, rng):
    """A worse model is seen, and pairing narrows the interval."""
    times, labels, scores = rows
    worse = np.clip(scores + rng.normal(0, 0.05, ROWS), 0, 1)
    drawn = resampling(times)
    paired = paired_intervals("binary", labels, scores, worse, drawn)["roc_auc"]
    alone = intervals("binary", labels, worse, drawn)["roc_auc"]
    assert paired["high"] < 0
    assert paired["high"] - paired["low"] < (alone["high"] - alone["low"]) / 2


def test_dependent_days(rng):
    """The reason for blocks: rows of one day are bad together."""
    times = days(rng, ROWS, 60)
    luck = rng.uniform(0.05, 0.6, 60)[day_blocks(times)]
    labels, scores = (rng.random(ROWS) < luck).astype(float), np.full(ROWS, 0.3)
    by_day = intervals("binary", labels, scores, resampling(times))["brier"]
    by_row = intervals("binary", labels, scores, resampling(None))["brier"]
    assert by_day["high"] - by_day["low"] > 2 * (by_row["high"] - by_row["low"])


def test_delong_and_bootstrap(rows, rng):
    """Delong and the bootstrap of independent rows agree."""
    _, labels, scores = rows
    other = np.clip(scores + rng.normal(0, 0.05, ROWS), 0, 1)
    paired = paired_intervals("binary", labels, scores, other, resampling(None, bootstrap=500))
    exact = ranking.delong_paired(labels, scores, other)
    assert exact.value == pytest.approx(paired["roc_auc"]["difference"])
    half_width = (paired["roc_auc"]["high"] - paired["roc_auc"]["low"]) / 2
    assert exact.standard_error * 1.96 == pytest.approx(half_width, rel=0.2)


def test_delong(rows):
    """Delong of one model is its AUC."""
    _, labels, scores = rows
    alone = ranking.delong(labels, scores.round(1))
    assert alone.value == pytest.approx(point("binary", labels, scores.round(1), bins=10)["roc_auc"])
    assert 0 < alone.standard_error < 0.02


def test_too_few_days(rng):
    """Too few days give no interval."""
    times, scores = days(rng, ROWS, MIN_BLOCKS - 1), rng.random(ROWS)
    found = intervals("binary", (scores > 0.5) * 1.0, scores, resampling(times))
    assert found["brier"]["low"] is None
    assert found["brier"]["value"] is not None


def test_undefined_resamples():
    """One positive row: a third of the resamples miss its day."""
    times = np.datetime64("2013-07-01", "us") + np.arange(30).astype("timedelta64[D]")
    labels = np.eye(30)[4]
    found = intervals("binary", labels, np.linspace(0.1, 0.9, 30), resampling(times, rows=30))
    assert found["roc_auc"]["value"] is not None
    assert found["roc_auc"]["low"] is None


def test_mean_error(rng):
    """A mean error nearer to zero has a negative difference."""
    labels = rng.normal(0, 1, ROWS)
    found = paired_intervals("regression", labels, labels - 2, labels + 1, resampling(None))
    assert found["mean_error"]["difference"] == pytest.approx(-1)


@pytest.mark.parametrize("task", ["multiclass", "regression"])
def test_every_task(task, rng):
    """Every task has intervals."""
    scores = rng.dirichlet([1, 2, 3], ROWS) if task == "multiclass" else rng.random(ROWS)
    found = intervals(task, rng.integers(0, 3, ROWS), scores, resampling(days(rng, ROWS, 30)))
    assert all(interval["low"] <= interval["high"] for interval in found.values())
