"""The comparison: same rows, paired intervals, slices, and what it says without a base."""

import numpy as np
import pytest
from review import cases
from sklearn.metrics import roc_auc_score

from merge_lane.review import compare


@pytest.fixture(scope="module")
def rows_and_truth():
    return cases.world()


@pytest.fixture(scope="module")
def worse(rows_and_truth):
    rows, truth = rows_and_truth
    return cases.comparison(truth, cases.blurred(truth, 1.0), rows)


def test_difference(rows_and_truth, worse):
    """The difference is candidate minus base on the same rows."""
    rows, truth = rows_and_truth
    blurred = cases.blurred(truth, 1.0)
    expected = roc_auc_score(rows.labels, blurred) - roc_auc_score(rows.labels, truth)
    assert worse.metrics["roc_auc"]["difference"] == pytest.approx(expected)
    assert worse.delong.value == pytest.approx(expected)


def test_worse(worse):
    """A worse model is marked worse whichever way the metric runs."""
    marks = {name: compare.mark("binary", name, entry) for name, entry in worse.metrics.items()}
    assert {marks["roc_auc"], marks["brier"], marks["log_loss"]} == {compare.WORSE}


def test_better(rows_and_truth):
    """A better model is marked better."""
    rows, truth = rows_and_truth
    found = cases.comparison(cases.blurred(truth, 1.0), truth, rows)
    assert compare.mark("binary", "brier", found.metrics["brier"]) == compare.BETTER


def test_noise(rows_and_truth):
    """A hardly changed model is within noise."""
    rows, truth = rows_and_truth
    found = cases.comparison(cases.blurred(truth, 0.3, seed=1), cases.blurred(truth, 0.3, seed=2), rows)
    assert compare.mark("binary", "roc_auc", found.metrics["roc_auc"]) == compare.NOISE


def test_equal(rows_and_truth):
    """An equal model differs by exactly nothing."""
    rows, truth = rows_and_truth
    found = cases.comparison(truth, truth.copy(), rows)
    assert {entry["difference"] for entry in found.metrics.values()} == {0.0}
    assert {entry["low"] for entry in found.metrics.values()} == {0.0}


def test_shortcut(rows_and_truth):
    """The shortcut for equal scores gives what resampling gives."""
    rows, truth = rows_and_truth
    short = cases.comparison(truth, truth.copy(), rows).metrics["brier"]
    long = cases.comparison(truth, np.nextafter(truth, 1), rows).metrics["brier"]
    assert long == pytest.approx(short, abs=1e-9)


def test_slices():
    """Every group is a slice; small ones have a count of rows only."""
    rows, truth = cases.world(rows=2000)
    found = cases.comparison(truth, truth, rows)
    assert [one.title for one in found.slices] == ["group=a", "group=b", "group=c"]
    assert [bool(one.metrics) for one in found.slices] == [True, True, False]
    assert sum(one.rows for one in found.slices) == 2000


def test_order_of_groups():
    """Groups that are numbers are sorted by size."""
    rows, truth = cases.world(rows=400)
    hours = np.resize(np.array(["10", "9", "(missing)"], dtype=object), 400)
    found = cases.comparison(truth, truth, compare.Rows("binary", rows.labels, rows.times, {"hour": hours}))
    assert [one.group for one in found.slices] == ["9", "10", "(missing)"]


def test_no_base(rows_and_truth):
    """Without a base the candidate has its own intervals."""
    rows, truth = rows_and_truth
    found = cases.comparison(None, truth, rows)
    auc = found.metrics["roc_auc"]
    assert not found.has_base
    assert auc["difference"] is None
    assert auc["low"] < auc["candidate"] < auc["high"]
    assert compare.mark("binary", "roc_auc", auc) == compare.UNKNOWN


@pytest.mark.parametrize("task", ["multiclass", "regression"])
def test_every_task(task):
    """Every task is compared."""
    random = cases.rng()
    labels = random.integers(0, 3, 3000).astype(float)
    scores = random.dirichlet([1, 1, 1], 3000) if task == "multiclass" else labels + random.normal(0, 1, 3000)
    rows = compare.Rows(task, labels, None, {})
    found = cases.comparison(scores, scores[::-1], rows)
    assert all(entry["low"] <= entry["high"] for entry in found.metrics.values())
