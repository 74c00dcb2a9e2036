"""The gate on leakage: a feature that knows the answer is named, honest ones pass."""

import numpy as np
import pytest
from review import cases

from merge_lane.review.gates.leakage import aucs, leakage
from merge_lane.settings.gates import Leakage

GATE = Leakage(reason="a test", max_single_feature_auc=0.8)
ROWS = 4000


@pytest.fixture
def labels():
    return (cases.rng().random(ROWS) < 0.3).astype(float)


def noisy(labels, amount):
    return labels + np.random.default_rng(5).normal(0, amount, len(labels))


def judged(features, labels, task="binary"):
    return cases.verdicts(leakage(aucs(features, labels, task), GATE))


@pytest.mark.parametrize("sign", [1, -1])
def test_a_number_that_knows_the_answer_is_blocked_in_either_direction(labels, sign):
    features = {"delay": sign * noisy(labels, 0.3), "honest": noisy(labels, 2)}
    assert judged(features, labels) == {"leakage:delay": "blocked"}


def test_honest_features_pass(labels):
    assert judged({"honest": noisy(labels, 2)}, labels) == {"leakage": "pass"}


def test_missing_values_alone_may_tell(labels):
    features = {"arrived": np.where(labels > 0, np.nan, 1.0)}
    assert judged(features, labels) == {"leakage:arrived": "blocked"}


def test_a_text_that_knows_the_answer_is_blocked(labels):
    texts = np.where(labels > 0, "late", "fine").astype(object)
    assert judged({"status": texts}, labels) == {"leakage:status": "blocked"}


def test_a_text_that_names_each_row_has_seen_nothing(labels):
    names = np.array([f"row {place}" for place in range(ROWS)], dtype=object)
    assert judged({"name": names}, labels) == {"leakage": "pass"}


def test_a_missing_text_is_a_value_of_its_own(labels):
    texts = np.where(labels > 0, None, "fine").astype(object)
    assert judged({"arrived": texts}, labels) == {"leakage:arrived": "blocked"}


@pytest.mark.parametrize("task", ["multiclass", "regression"])
def test_every_task_is_looked_at(task):
    labels = cases.rng().integers(0, 3, ROWS).astype(float)
    assert judged({"same": labels * 2}, labels, task) == {"leakage:same": "blocked"}
