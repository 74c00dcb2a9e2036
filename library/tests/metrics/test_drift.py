"""Drift has one definition: reference, API and canary put a value into the same bin."""

import json

import numpy as np
import pytest
import toy
from prometheus_client.parser import text_string_to_metric_families
from scipy import stats
from scipy.spatial.distance import jensenshannon

from merge_lane.metrics import drift
from merge_lane.model import bundle, reference
from merge_lane.production.serve.metrics import Metrics
from merge_lane.release.targets.local.tally import Tally, edges_of

EDGE_CASES = [0.25, 0.5, 0.75, 1.0, 0.0, -0.2, 1.3, 0.26]
"""Values on an edge, below the first, above the last, and one inside."""


def by_reference(model, values):
    """Count values by the histogram of reference.json, cumulated; the last is above all edges."""
    edges = np.array(model.reference["predictions"]["edges"])
    inside = np.clip(values, edges[0], None)
    kept = inside[inside <= edges[-1]]
    shares = np.array(drift.histogram_shares(kept, edges))
    return {repr(float(edge)): n for edge, n in zip(edges[1:], np.cumsum(shares * len(kept)), strict=True)}


def by_api(model, values):
    """Count values as the API does: cumulated, by upper limit."""
    metrics = Metrics(model)
    metrics.scored(np.array(values))
    families = text_string_to_metric_families(metrics.text().decode())
    samples = [s for family in families for s in family.samples if s.name == "merge_lane_prediction_bucket"]
    return {sample.labels["le"]: sample.value for sample in samples}


def by_router(directory, values):
    """Count values as the router and the canary do."""
    tally = Tally(edges_of(directory))
    tally.count(200, 0.001, json.dumps({"predictions": list(values)}).encode())
    return tally.predictions


@pytest.mark.parametrize("value", EDGE_CASES)
def test_one_binning(value, tmp_path):
    """Reference, API and router put a value on an edge, below the first or above the last into one bin."""
    toy.export(tmp_path / "models")
    model = bundle.load(tmp_path / "models", build=toy.build)
    api = by_api(model, [value])
    assert list(np.cumsum(by_router(tmp_path / "models", [value]))) == list(api.values())
    for edge, count in by_reference(model, [value]).items():
        assert api[edge] == count


def test_one_binning_of_a_sample(tmp_path):
    """The predictions of training, counted by API and router, have the shares of the reference."""
    toy.export(tmp_path / "models", "regression")
    model = bundle.load(tmp_path / "models", build=toy.build)
    booster, _, matrix = toy.trained("regression")
    scores = booster.inplace_predict(matrix, validate_features=False)
    api, described = by_api(model, scores), model.reference["predictions"]
    counted = [api[repr(edge)] / len(scores) for edge in described["edges"][1:]]
    assert counted == pytest.approx(np.cumsum(described["shares"]), abs=1e-9)


def test_one_binning_of_classes(tmp_path):
    """API and router count the leading class under its name; the router keeps unknown classes apart."""
    toy.export(tmp_path / "models", "multiclass")
    scores = [{"low": 0.1, "middle": 0.2, "high": 0.7}, {"low": 0.4, "middle": 0.4, "high": 0.2}, "new"]
    names = [*edges_of(tmp_path / "models"), "unknown"]
    counted = dict(zip(names, by_router(tmp_path / "models", scores), strict=True))
    assert counted == {"low": 1, "middle": 0, "high": 1, "unknown": 1}


@pytest.mark.parametrize("value", [np.nan, np.inf, "text"])
def test_last_bin_takes_the_rest(value):
    """What is no finite number is counted in the last bin, one by one and in an array."""
    bins = drift.Bins(limits=(0.0, 1.0))
    assert bins.index(value) == 2
    if not isinstance(value, str):
        assert bins.count(np.array([value])).tolist() == [0, 0, 1]


def test_bins_survive_json():
    """The router reads the bins from a file."""
    for bins in (drift.Bins(limits=(0.1, 0.5)), drift.Bins(classes=("a", "b"))):
        assert drift.Bins.from_json(json.loads(json.dumps(bins.to_json()))) == bins


def test_rare_events_have_bins():
    """Predictions that all lie below the first edge of the histogram still fall into many bins."""
    scores = np.random.default_rng(1).beta(1, 500, 5000)
    bins = drift.prediction_bins(reference.reference({}, scores))
    usual, doubled = (bins.count(values).tolist() for values in (scores, 2 * scores))
    index, noise = drift.population_stability(usual, doubled)
    assert scores.max() < 0.05
    assert index > max(noise, 0.1)


@pytest.mark.parametrize("draw", ["random", "normal"])
def test_reference_is_unchanged(draw):
    """The shares are those of numpy's histogram, by which the models of earlier versions were described."""
    scores = getattr(np.random.default_rng(4), draw)(size=20_000)
    described = reference.reference({}, scores)["predictions"]
    counts, _ = np.histogram(scores, bins=np.array(described["edges"]))
    assert described["shares"] == [float(count) / len(scores) for count in counts]


def test_psi_stays_below_its_noise():
    """Without a shift the index exceeds its 0.999 quantile next to never; with one it rises above 0.1."""
    dice = np.random.default_rng(3)
    equal, other = np.full(20, 0.05), np.r_[np.full(10, 0.07), np.full(10, 0.03)]
    pairs = [(dice.multinomial(4500, equal), dice.multinomial(500, equal)) for _ in range(3000)]
    above = [index > noise for index, noise in (drift.population_stability(*pair) for pair in pairs)]
    assert np.mean(above) <= 0.004
    shifted = dice.multinomial(500, other)
    assert drift.population_stability(dice.multinomial(4500, equal), shifted)[0] > 0.1


def test_psi_of_other_bins_is_refused():
    """Histograms of different bins cannot be compared."""
    with pytest.raises(ValueError, match="shape"):
        drift.population_stability([1, 2], [1, 2, 3])


@pytest.mark.parametrize("freedom", [1, 5, 19, 40])
def test_chi_square_quantile(freedom):
    """The approximation is within 3.5% of scipy's."""
    exact = stats.chi2.ppf(0.999, freedom)
    assert drift.chi_square_quantile(0.999, freedom) == pytest.approx(exact, rel=0.035)


def test_wasserstein():
    """The distance of numbers is scipy's, in standard deviations."""
    random = np.random.default_rng(1)
    one, other = random.normal(50, 10, 5000), random.normal(70, 12, 5000)
    expected = stats.wasserstein_distance(one, other) / other.std()
    assert drift.wasserstein(drift.sketch(one), drift.sketch(other)) == pytest.approx(expected, rel=0.02)


def test_jensen_shannon():
    """The distance of categories is scipy's; 1 for nothing in common, 0 for the same shares."""
    one, other = {"a": 0.5, "b": 0.5}, {"b": 0.25, "c": 0.75}
    expected = jensenshannon([0.5, 0.5, 0], [0, 0.25, 0.75], base=2)
    assert drift.jensen_shannon(one, other) == pytest.approx(expected)
    assert drift.jensen_shannon({"a": 1.0}, {"b": 1.0}) == 1.0
    assert drift.jensen_shannon(one, one) == 0.0


def test_sketch_of_nothing():
    """A column of nothing but missing values is all missing, and has no other distance."""
    numbers, texts = drift.sketch(np.full(5, np.nan)), drift.sketch(np.array([None] * 5, dtype=object))
    assert (numbers.missing, texts.missing) == (1.0, 1.0)
    assert drift.distance(numbers, drift.sketch(np.ones(5))) == drift.Distance(missing=1.0)
