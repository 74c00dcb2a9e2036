"""The registry of metrics: an added metric is measured, compared and judged like the others."""

import numpy as np
import pytest
from review import cases

from merge_lane.metrics.bootstrap import point
from merge_lane.metrics.ranking import ratio
from merge_lane.metrics.table import METRICS, Metric
from merge_lane.review.gates.performance import floors


def hits(rows, draws):
    """Share of rows on whose side of one half the prediction lies."""
    right = (rows.scores > 0.5) == (rows.labels > 0.5)
    return ratio(draws.weight @ rows.sums.of(right.astype(float)), draws.weight @ rows.rows)


@pytest.fixture
def accuracy(monkeypatch):
    monkeypatch.setitem(METRICS["binary"], "accuracy", Metric("accuracy", "Accuracy", "higher", hits))


@pytest.mark.usefixtures("accuracy")
def test_own_metric_is_measured():
    """It has a value and an interval."""
    rows, truth = cases.world()
    measured = cases.comparison(truth, cases.blurred(truth, 1.0), rows).metrics["accuracy"]
    assert measured["base"] == np.mean((truth > 0.5) == (rows.labels > 0.5))
    assert measured["low"] < measured["difference"] < measured["high"] < 0


@pytest.mark.usefixtures("accuracy")
def test_own_metric_is_judged():
    """A gate may name it."""
    rows, truth = cases.world()
    gates = cases.gates(floors={"metrics": {"accuracy": 0.99}})
    checks = floors(cases.comparison(truth, truth, rows), gates.floors, {})
    assert cases.verdicts(checks) == {"floors:accuracy": "blocked"}


@pytest.mark.parametrize("task", METRICS)
def test_names(task):
    """Each metric has the name under which it is looked up, and its results come in that order."""
    assert [metric.name for metric in METRICS[task].values()] == list(METRICS[task])
    scores = {"multiclass": np.eye(2)[[0, 1, 1, 0]] * 0.8 + 0.1}.get(task, np.array([0.2, 0.6, 0.7, 0.1]))
    assert list(point(task, np.array([0.0, 1.0, 0.0, 1.0]), scores, bins=4)) == list(METRICS[task])
