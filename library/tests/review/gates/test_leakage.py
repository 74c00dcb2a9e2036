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
def test_leaking_number(labels, sign):
    """A number that knows the answer is blocked, in either direction."""
    features = {"delay": sign * noisy(labels, 0.3), "honest": noisy(labels, 2)}
    assert judged(features, labels) == {"leakage:delay": "blocked"}


def test_honest_features(labels):
    """Honest features pass."""
    assert judged({"honest": noisy(labels, 2)}, labels) == {"leakage": "pass"}


def test_leaking_missing_values(labels):
    """A feature that is missing exactly where the answer is yes is blocked."""
    features = {"arrived": np.where(labels > 0, np.nan, 1.0)}
    assert judged(features, labels) == {"leakage:arrived": "blocked"}


def test_leaking_text(labels):
    """A text that knows the answer is blocked."""
    texts = np.where(labels > 0, "late", "fine").astype(object)
    assert judged({"status": texts}, labels) == {"leakage:status": "blocked"}


def test_unique_texts(labels):
    """A text that is different in each row does not count as a leak."""
    names = np.array([f"row {place}" for place in range(ROWS)], dtype=object)
    assert judged({"name": names}, labels) == {"leakage": "pass"}


def test_missing_text(labels):
    """A missing text is a value of its own."""
    texts = np.where(labels > 0, None, "fine").astype(object)
    assert judged({"arrived": texts}, labels) == {"leakage:arrived": "blocked"}


@pytest.mark.parametrize("task", ["multiclass", "regression"])
def test_every_task(task):
    """A leak is found for every task."""
    labels = cases.rng().integers(0, 3, ROWS).astype(float)
    assert judged({"same": labels * 2}, labels, task) == {"leakage:same": "blocked"}
