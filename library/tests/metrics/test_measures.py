"""Every metric is that of scikit-learn, for repeated rows too, and has the properties of its definition."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from sklearn import metrics as sk

from merge_lane.metrics.bootstrap import point
from merge_lane.metrics.table import METRICS

ROWS = 3000


@pytest.fixture(scope="module")
def rng():
    return np.random.default_rng(7)


@pytest.fixture(scope="module", params=["spread", "tied"])
def binary(request, rng):
    """Labels, scores and how often each row counts; `tied` has 21 different scores."""
    scores = rng.beta(2, 5, ROWS)
    if request.param == "tied":
        scores = scores.round(1) / 2
    return (rng.random(ROWS) < scores).astype(float), scores, rng.integers(0, 4, ROWS)


@pytest.fixture(scope="module")
def multiclass(rng):
    scores = rng.dirichlet([1, 2, 1, 3], ROWS)
    labels = np.array([rng.choice(4, p=row) for row in scores])
    return labels, scores, rng.integers(0, 4, ROWS)


@pytest.fixture(scope="module")
def regression(rng):
    labels = rng.normal(100, 20, ROWS)
    return labels, labels + rng.normal(3, 10, ROWS), rng.integers(0, 4, ROWS)


def expected_ece(hit, probability, weights, bins):
    """The definition, bin by bin."""
    error = 0.0
    for index in range(bins):
        inside = (probability >= index / bins) & ((probability < (index + 1) / bins) | (index == bins - 1))
        if weights[inside].sum():
            gap = np.average(hit[inside], weights=weights[inside]) - np.average(
                probability[inside], weights=weights[inside]
            )
            error += weights[inside].sum() / weights.sum() * abs(gap)
    return error


def test_binary(binary):
    """Binary metrics equal those of scikit-learn for repeated rows."""
    labels, scores, weights = binary
    found = point("binary", labels, scores, bins=16, row_weights=weights)
    assert found == pytest.approx(
        {
            "roc_auc": sk.roc_auc_score(labels, scores, sample_weight=weights),
            "pr_auc": sk.average_precision_score(labels, scores, sample_weight=weights),
            "brier": sk.brier_score_loss(labels, scores, sample_weight=weights),
            "log_loss": sk.log_loss(labels, scores, sample_weight=weights),
            "ece": expected_ece(labels, scores, weights, 16),
        },
        abs=1e-12,
    )


def test_multiclass(multiclass):
    """Multiclass metrics equal those of scikit-learn for repeated rows."""
    labels, scores, weights = multiclass
    top = scores.argmax(axis=1)
    areas = [sk.roc_auc_score(labels == k, scores[:, k], sample_weight=weights) for k in range(4)]
    found = point("multiclass", labels, scores, bins=16, row_weights=weights)
    assert found == pytest.approx(
        {
            "log_loss": sk.log_loss(labels, scores, sample_weight=weights),
            "accuracy": sk.accuracy_score(labels, top, sample_weight=weights),
            "roc_auc": np.mean(areas),
            "f1": sk.f1_score(labels, top, average="macro", sample_weight=weights),
            "ece": expected_ece(top == labels, scores.max(axis=1), weights, 16),
        },
        abs=1e-12,
    )


def test_macro_auc(multiclass):
    """Macro AUC of plain rows is scikit-learn's one against the rest."""
    labels, scores, _ = multiclass
    expected = sk.roc_auc_score(labels, scores, multi_class="ovr", average="macro")
    assert point("multiclass", labels, scores, bins=10)["roc_auc"] == pytest.approx(expected)


def test_regression(regression):
    """Regression metrics equal those of scikit-learn for repeated rows."""
    labels, scores, weights = regression
    found = point("regression", labels, scores, bins=10, row_weights=weights)
    assert found == pytest.approx(
        {
            "mae": sk.mean_absolute_error(labels, scores, sample_weight=weights),
            "rmse": sk.root_mean_squared_error(labels, scores, sample_weight=weights),
            "r2": sk.r2_score(labels, scores, sample_weight=weights),
            "mean_error": np.average(scores - labels, weights=weights),
        }
    )


@pytest.mark.parametrize("task", ["binary", "multiclass", "regression"])
def test_directions(task, request):
    """Every metric of a task has a direction."""
    labels, scores, _ = request.getfixturevalue(task) if task != "binary" else (np.arange(2), np.ones(2), 0)
    assert list(point(task, labels, scores, bins=10)) == list(METRICS[task])


def test_gain():
    """A gain is positive whichever way the metric is better."""
    binary, regression = METRICS["binary"], METRICS["regression"]
    assert binary["roc_auc"].gain(0.7, 0.75) > 0
    assert binary["brier"].gain(0.15, 0.14) > 0
    assert regression["mean_error"].gain(-5, 1) > 0


def test_single_class():
    """A single class leaves the ranking metrics undefined and the others not."""
    found = point("binary", np.zeros(5), np.linspace(0, 1, 5), bins=10)
    assert np.isnan(found["roc_auc"])
    assert np.isnan(found["pr_auc"])
    assert np.isfinite(found["brier"])


def test_finite_log_loss():
    """A certain and wrong prediction costs a finite log loss."""
    found = point("binary", np.array([1.0, 0.0]), np.array([0.0, 1.0]), bins=10)
    assert 30 < found["log_loss"] < 40


@pytest.mark.parametrize(
    ("labels", "scores"),
    [(np.ones(3), np.ones(2)), (np.empty(0), np.empty(0)), (np.ones(2), np.array([0.5, np.nan]))],
    ids=["uneven", "empty", "not-a-number"],
)
def test_unusable_rows(labels, scores):
    """Unusable rows are refused."""
    with pytest.raises(ValueError, match=r"one a row|finite"):
        point("binary", labels, scores, bins=10)


LABELS_AND_SCORES = st.integers(2, 40).flatmap(
    lambda n: st.tuples(
        hnp.arrays(np.float64, n, elements=st.sampled_from([0.0, 1.0])),
        hnp.arrays(np.float64, n, elements=st.floats(0, 1, width=16)),
        hnp.arrays(np.int64, n, elements=st.integers(0, 3)),
    )
)


@given(LABELS_AND_SCORES)
def test_row_weights(rows):
    """A row weight counts like that many equal rows."""
    labels, scores, weights = rows
    again = np.repeat(np.arange(len(labels)), weights)
    if len(again):
        weighted = point("binary", labels, scores, bins=10, row_weights=weights)
        repeated = point("binary", labels[again], scores[again], bins=10)
        assert weighted == pytest.approx(repeated, nan_ok=True)


@given(LABELS_AND_SCORES)
def test_turned_scores(rows):
    """AUC of turned scores is one minus AUC."""
    labels, scores, _ = rows
    straight = point("binary", labels, scores, bins=10)["roc_auc"]
    turned = point("binary", labels, 1 - scores, bins=10)["roc_auc"]
    assert turned == pytest.approx(1 - straight, nan_ok=True)


@given(LABELS_AND_SCORES)
def test_bounds(rows):
    """Metrics stay in their bounds."""
    labels, scores, _ = rows
    found = point("binary", labels, scores, bins=10)
    defined = [found[name] for name in ("roc_auc", "pr_auc", "brier", "ece") if np.isfinite(found[name])]
    assert all(-1e-12 <= value <= 1 + 1e-12 for value in defined)
