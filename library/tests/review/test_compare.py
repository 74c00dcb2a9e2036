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


def test_differences_are_candidate_minus_base_on_the_same_rows(rows_and_truth, worse):
    rows, truth = rows_and_truth
    blurred = cases.blurred(truth, 1.0)
    expected = roc_auc_score(rows.labels, blurred) - roc_auc_score(rows.labels, truth)
    assert worse.metrics["roc_auc"]["difference"] == pytest.approx(expected)
    assert worse.delong.value == pytest.approx(expected)


def test_a_worse_model_is_marked_worse_whichever_way_the_metric_runs(worse):
    marks = {name: compare.mark("binary", name, entry) for name, entry in worse.metrics.items()}
    assert {marks["roc_auc"], marks["brier"], marks["log_loss"]} == {compare.WORSE}


def test_a_better_model_is_marked_better(rows_and_truth):
    rows, truth = rows_and_truth
    found = cases.comparison(cases.blurred(truth, 1.0), truth, rows)
    assert compare.mark("binary", "brier", found.metrics["brier"]) == compare.BETTER


def test_a_hardly_changed_model_is_within_noise(rows_and_truth):
    rows, truth = rows_and_truth
    found = cases.comparison(cases.blurred(truth, 0.3, seed=1), cases.blurred(truth, 0.3, seed=2), rows)
    assert compare.mark("binary", "roc_auc", found.metrics["roc_auc"]) == compare.NOISE


def test_an_equal_model_differs_by_exactly_nothing(rows_and_truth):
    rows, truth = rows_and_truth
    found = cases.comparison(truth, truth.copy(), rows)
    assert {entry["difference"] for entry in found.metrics.values()} == {0.0}
    assert {entry["low"] for entry in found.metrics.values()} == {0.0}


def test_the_shortcut_for_equal_scores_is_what_resampling_says(rows_and_truth):
    rows, truth = rows_and_truth
    short = cases.comparison(truth, truth.copy(), rows).metrics["brier"]
    long = cases.comparison(truth, np.nextafter(truth, 1), rows).metrics["brier"]
    assert long == pytest.approx(short, abs=1e-9)


def test_every_group_is_a_slice_and_small_ones_have_rows_only():
    rows, truth = cases.world(rows=2000)
    found = cases.comparison(truth, truth, rows)
    assert [one.title for one in found.slices] == ["group=a", "group=b", "group=c"]
    assert [bool(one.metrics) for one in found.slices] == [True, True, False]
    assert sum(one.rows for one in found.slices) == 2000


def test_groups_that_are_numbers_stand_in_their_order():
    rows, truth = cases.world(rows=400)
    hours = np.resize(np.array(["10", "9", "(missing)"], dtype=object), 400)
    found = cases.comparison(truth, truth, compare.Rows("binary", rows.labels, rows.times, {"hour": hours}))
    assert [one.group for one in found.slices] == ["9", "10", "(missing)"]


def test_without_a_base_the_candidate_has_its_own_intervals(rows_and_truth):
    rows, truth = rows_and_truth
    found = cases.comparison(None, truth, rows)
    auc = found.metrics["roc_auc"]
    assert not found.has_base
    assert auc["difference"] is None
    assert auc["low"] < auc["candidate"] < auc["high"]
    assert compare.mark("binary", "roc_auc", auc) == compare.UNKNOWN


@pytest.mark.parametrize("task", ["multiclass", "regression"])
def test_every_task_is_compared(task):
    random = cases.rng()
    labels = random.integers(0, 3, 3000).astype(float)
    scores = random.dirichlet([1, 1, 1], 3000) if task == "multiclass" else labels + random.normal(0, 1, 3000)
    rows = compare.Rows(task, labels, None, {})
    found = cases.comparison(scores, scores[::-1], rows)
    assert all(entry["low"] <= entry["high"] for entry in found.metrics.values())
