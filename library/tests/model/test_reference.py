"""The reference profile says what training looked like."""

import json

import numpy as np

from merge_lane.model import reference


def test_a_number_has_its_moments_and_quantiles():
    described = reference.column(np.array([np.nan, *range(101)]))
    assert described["count"] == 101
    assert described["missing"] == 1 / 102
    assert described["mean"] == 50.0
    assert described["sd"] == np.std(range(101))
    assert described["quantiles"] == [float(value) for value in range(0, 101, 5)]


def test_a_number_that_is_never_there_has_no_quantiles():
    described = reference.column(np.array([np.nan, np.nan]))
    assert (described["count"], described["missing"], described["quantiles"]) == (0, 1.0, [])


def test_a_text_has_the_shares_of_its_values_and_the_rest():
    values = np.array(["a"] * 6 + ["b"] * 2 + [None] * 2, dtype=object)
    described = reference.column(values)
    assert described["shares"] == {"a": 0.75, "b": 0.25}
    assert (described["other"], described["missing"]) == (0.0, 0.2)


def test_rare_texts_beyond_the_top_are_other():
    values = np.array([f"v{place:03}" for place in range(60)] + ["v000"], dtype=object)
    described = reference.column(values)
    assert len(described["shares"]) == reference.TOP_VALUES
    assert described["other"] == 10 / 61


def test_probabilities_are_counted_in_fixed_bins():
    described = reference.reference({}, np.array([0.0, 0.01, 0.99, 1.0]))["predictions"]
    assert described["edges"] == [float(edge) for edge in np.linspace(0, 1, 21)]
    assert (described["shares"][0], described["shares"][-1]) == (0.5, 0.5)


def test_values_of_a_regression_are_counted_in_the_range_that_occurs():
    described = reference.reference({}, np.array([-10.0, 30.0]))["predictions"]
    assert (described["edges"][0], described["edges"][-1]) == (-10.0, 30.0)


def test_a_constant_prediction_has_a_histogram_too():
    described = reference.reference({}, np.array([7.0, 7.0]))["predictions"]
    assert sum(described["shares"]) == 1.0


def test_each_class_has_its_scores_and_the_share_of_rows_that_choose_it():
    scores = np.array([[0.7, 0.3], [0.2, 0.8], [0.6, 0.4], [0.9, 0.1]])
    described = reference.reference({}, scores, ["no", "yes"])["predictions"]
    assert described["shares"] == {"no": 0.75, "yes": 0.25}
    assert described["classes"]["yes"]["mean"] == 0.4


def test_a_profile_is_plain_json_without_nan():
    features = {"x": np.array([np.nan]), "t": np.array([None], dtype=object)}
    profile = reference.reference(features, np.array([0.5]))
    assert json.loads(json.dumps(profile, allow_nan=False)) == profile
