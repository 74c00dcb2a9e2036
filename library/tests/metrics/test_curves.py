"""Curves have few points, keep their ends, and lie on those of scikit-learn."""

import numpy as np
import pytest
from sklearn import metrics as sk
from sklearn.calibration import calibration_curve

from merge_lane.metrics.curves import MAX_POINTS, curves

ROWS = 5000


@pytest.fixture(scope="module")
def rows():
    rng = np.random.default_rng(5)
    scores = rng.beta(2, 5, ROWS)
    return (rng.random(ROWS) < scores).astype(float), scores


@pytest.fixture(scope="module")
def found(rows):
    return curves("binary", *rows, bins=10)


def test_few_points(found):
    """Every curve has few points."""
    assert set(found) == {"roc", "pr", "calibration", "gain"}
    lengths = [{len(column) for column in curve.values()} for curve in found.values()]
    assert all(len(length) == 1 and max(length) <= MAX_POINTS for length in lengths)


def test_roc(rows, found):
    """The ROC curve runs from corner to corner on that of scikit-learn."""
    fpr, tpr, _ = sk.roc_curve(*rows, drop_intermediate=False)
    roc = found["roc"]
    assert (roc["fpr"][[0, -1]].tolist(), roc["tpr"][[0, -1]].tolist()) == ([0, 1], [0, 1])
    assert set(zip(roc["fpr"], roc["tpr"], strict=True)) <= set(zip(fpr, tpr, strict=True))


def test_thinning(rows, found):
    """Thinning hardly changes the area."""
    thinned = np.trapezoid(found["roc"]["tpr"], found["roc"]["fpr"])
    assert thinned == pytest.approx(sk.roc_auc_score(*rows), abs=1e-3)


def test_precision_and_recall(rows, found):
    """Precision and recall are those of the threshold."""
    labels, scores = rows
    pr, index = found["pr"], 100
    chosen = scores >= pr["threshold"][index]
    assert pr["precision"][index] == pytest.approx(sk.precision_score(labels, chosen))
    assert pr["recall"][index] == pytest.approx(sk.recall_score(labels, chosen))


def test_calibration(rows, found):
    """Calibration is that of scikit-learn."""
    observed, predicted = calibration_curve(*rows, n_bins=10, strategy="uniform")
    assert found["calibration"]["observed"] == pytest.approx(observed)
    assert found["calibration"]["predicted"] == pytest.approx(predicted)
    assert found["calibration"]["rows"].sum() == ROWS


def test_gain(found):
    """The gain curve finds everything in all rows."""
    gain = found["gain"]
    assert gain["share_of_rows"][-1] == gain["share_found"][-1] == 1
    assert (gain["share_found"] >= gain["share_of_rows"] - 0.01).all()


def test_multiclass():
    """Multiclass curves are those of all classes together."""
    rng = np.random.default_rng(1)
    scores = rng.dirichlet([1, 2, 3], ROWS)
    labels = rng.integers(0, 3, ROWS)
    roc = curves("multiclass", labels, scores, bins=10)["roc"]
    expected = sk.roc_auc_score(np.eye(3)[labels], scores, average="micro")
    assert np.trapezoid(roc["tpr"], roc["fpr"]) == pytest.approx(expected, abs=1e-3)


def test_regression():
    """Regression has calibration and gain and an empty roc."""
    labels = np.linspace(1, 100, 1000)
    found = curves("regression", labels, labels, bins=10)
    assert len(found["roc"]["fpr"]) == 0
    assert found["calibration"]["predicted"] == pytest.approx(found["calibration"]["observed"])
    assert found["calibration"]["rows"].tolist() == [100] * 10
    assert found["gain"]["share_found"][-1] == pytest.approx(1)
