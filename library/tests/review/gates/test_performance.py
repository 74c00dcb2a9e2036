"""Gates on performance: each fires on what it is there for, and keeps quiet on noise."""

import numpy as np
import pytest
from review import cases

from merge_lane.errors import ParamsError
from merge_lane.metrics.bootstrap import Difference
from merge_lane.review.gates.performance import calibration, floors, non_inferior, non_inferiority, slices

MARGINS = {"metrics": {"roc_auc": 0.01, "brier": 0.002}}


@pytest.fixture(scope="module")
def rows_and_truth():
    return cases.world()


def performance(comparison, gates, baselines):
    """Judge by all gates on performance."""
    return [
        *floors(comparison, gates.floors, baselines),
        *non_inferiority(comparison, gates.non_inferiority),
        *slices(comparison, gates.slices),
        *calibration(comparison, gates.calibration),
    ]


def judged(comparison, baselines=None, **gates):
    return cases.verdicts(performance(comparison, cases.gates(**gates), baselines or {}))


def difference(value, low, high):
    return Difference(base=0.7, candidate=0.7 + value, difference=value, low=low, high=high)


def test_worse_model(rows_and_truth):
    """A worse model is blocked by non-inferiority."""
    rows, truth = rows_and_truth
    found = judged(cases.comparison(truth, cases.blurred(truth, 1.0), rows), non_inferiority=MARGINS)
    assert found["non_inferiority:roc_auc"] == found["non_inferiority:brier"] == "blocked"


def test_equal_and_better_model(rows_and_truth):
    """An equal and a better model pass non-inferiority."""
    rows, truth = rows_and_truth
    equal = judged(cases.comparison(truth, truth, rows), non_inferiority=MARGINS)
    better = judged(cases.comparison(cases.blurred(truth, 1.0), truth, rows), non_inferiority=MARGINS)
    assert equal["non_inferiority:roc_auc"] == better["non_inferiority:roc_auc"] == "pass"


@pytest.mark.parametrize(
    ("found", "verdict"),
    [
        (difference(0.0, -0.009, 0.009), "pass"),
        (
            difference(-0.005, -0.011, 0.001),
            "blocked",
        ),  # may be worse than the margin, and the rows would tell
        (difference(0.0, -0.03, 0.03), "undecided"),  # an equal model would fail as well
        (difference(-0.05, -0.08, -0.02), "blocked"),  # wide, but surely worse
        (difference(0.05, None, None), "undecided"),  # no interval: missing data never means pass
    ],
    ids=["narrow", "too-near", "too-small", "surely-worse", "no-interval"],
)
def test_whole_interval(found, verdict):
    """The whole interval decides, not the value."""
    assert str(non_inferior("binary", "roc_auc", found, 0.01).verdict) == verdict


def test_small_test_set():
    """A small test set is named as the cause, and blocks."""
    rows, truth = cases.world(rows=400)
    found = cases.comparison(cases.blurred(truth, 0.5, seed=1), cases.blurred(truth, 0.5, seed=2), rows)
    checks = performance(found, cases.gates(non_inferiority=MARGINS), {})
    assert str(checks[1].verdict) == "undecided"
    assert checks[1].blocks
    assert "too small" in checks[1].detail


def test_ruined_slice(rows_and_truth):
    """One ruined group is blocked by name though the average hardly moves."""
    rows, truth = rows_and_truth
    ruined = np.where(rows.slices["group"] == "c", cases.rng().permutation(truth), truth)
    found = judged(
        cases.comparison(truth, ruined, rows),
        slices={"metrics": {"roc_auc": 0.03}},
        non_inferiority={"metrics": {"roc_auc": 0.03}},
    )
    assert found["slices:group=c roc_auc"] == "blocked"
    assert "slices:group=a roc_auc" not in found
    assert found["non_inferiority:roc_auc"] == "pass"


def test_noisy_slices(rows_and_truth):
    """Noise in small groups does not block."""
    rows, truth = rows_and_truth
    found = cases.comparison(cases.blurred(truth, 0.3, seed=1), cases.blurred(truth, 0.3, seed=2), rows)
    assert judged(found, slices={"metrics": {"roc_auc": 0.01}})["slices"] == "pass"


@pytest.mark.parametrize(("limit", "verdict"), [(0.5, "pass"), (0.99, "blocked")])
def test_floor(rows_and_truth, limit, verdict):
    """A floor holds whatever main has."""
    rows, truth = rows_and_truth
    found = judged(cases.comparison(None, truth, rows), floors={"metrics": {"roc_auc": limit}})
    assert found["floors:roc_auc"] == verdict


@pytest.mark.parametrize(("limit", "verdict"), [(0.5, "pass"), (0.01, "blocked")])
def test_ceiling(rows_and_truth, limit, verdict):
    """Where lower is better a floor is a ceiling."""
    rows, truth = rows_and_truth
    found = judged(cases.comparison(None, truth, rows), floors={"metrics": {"brier": limit}})
    assert found["floors:brier"] == verdict


@pytest.mark.parametrize(("value", "verdict"), [(0.5, "pass"), (0.99, "blocked"), (None, "pass")])
def test_baseline(rows_and_truth, value, verdict):
    """A model must be better than a baseline without a model."""
    rows, truth = rows_and_truth
    found = judged(
        cases.comparison(None, truth, rows),
        {"rate_table": {"roc_auc": {"value": value}}},
        floors={"metrics": {"roc_auc": 0.5}, "beat": ["rate_table"]},
    )
    assert found["floors:roc_auc against rate_table"] == verdict


def test_undefined_metric(rows_and_truth):
    """An undefined metric does not pass a floor."""
    rows, truth = rows_and_truth
    found = cases.comparison(None, truth, rows)
    found.metrics["roc_auc"]["candidate"] = None
    assert judged(found, floors={"metrics": {"roc_auc": 0.1}})["floors:roc_auc"] == "blocked"


def test_overconfident_model(rows_and_truth):
    """A model that ranks as well but promises too much is blocked by calibration."""
    rows, truth = rows_and_truth
    bold = truth**0.5
    gate = {"max_error": 0.05, "max_increase": 0.01}
    found = judged(cases.comparison(truth, bold, rows), calibration=gate)
    assert (found["calibration:error"], found["calibration:increase"]) == ("blocked", "blocked")
    quiet = judged(cases.comparison(truth, truth, rows), calibration=gate)
    assert (quiet["calibration:error"], quiet["calibration:increase"]) == ("pass", "pass")


def test_no_base(rows_and_truth):
    """Without a base only the limits judge."""
    rows, truth = rows_and_truth
    found = judged(cases.comparison(None, truth, rows), non_inferiority=MARGINS, slices=MARGINS)
    assert (found["non_inferiority"], found["slices"]) == ("off", "off")


def test_no_gate(rows_and_truth):
    """A gate left out is off."""
    rows, truth = rows_and_truth
    assert set(judged(cases.comparison(None, truth, rows)).values()) == {"off"}


def test_foreign_metric(rows_and_truth):
    """A metric of another task is refused by name."""
    rows, truth = rows_and_truth
    with pytest.raises(ParamsError, match="rmse"):
        judged(cases.comparison(None, truth, rows), floors={"metrics": {"rmse": 1.0}})


def test_other_seeds():
    """Twenty equally good models of 8,000 rows against one: at most one may be blocked."""
    rows, truth = cases.world()
    base, blocked = cases.blurred(truth, 0.15, seed=100), 0
    for seed in range(20):
        found = cases.comparison(base, cases.blurred(truth, 0.15, seed=seed), rows)
        checks = performance(
            found, cases.gates(non_inferiority=MARGINS, slices={"metrics": {"roc_auc": 0.03}}), {}
        )
        blocked += any(check.blocks for check in checks)
    assert blocked <= 1
