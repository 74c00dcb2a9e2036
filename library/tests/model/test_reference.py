"""The reference profile says what training looked like."""

import json

import numpy as np

from merge_lane.model import reference


def test_number():
    """A number has its moments and quantiles."""
    described = reference.column(np.array([np.nan, *range(101)]))
    assert described["count"] == 101
    assert described["missing"] == 1 / 102
    assert described["mean"] == 50.0
    assert described["sd"] == np.std(range(101))
    assert described["quantiles"] == [float(value) for value in range(0, 101, 5)]


def test_missing_number():
    """A number that is never there has no quantiles."""
    described = reference.column(np.array([np.nan, np.nan]))
    assert (described["count"], described["missing"], described["quantiles"]) == (0, 1.0, [])


def test_text():
    """A text has the shares of its values and the rest."""
    values = np.array(["a"] * 6 + ["b"] * 2 + [None] * 2, dtype=object)
    described = reference.column(values)
    assert described["shares"] == {"a": 0.75, "b": 0.25}
    assert (described["other"], described["missing"]) == (0.0, 0.2)


def test_rare_texts():
    """Rare texts beyond the top are other."""
    values = np.array([f"v{place:03}" for place in range(60)] + ["v000"], dtype=object)
    described = reference.column(values)
    assert len(described["shares"]) == reference.TOP_VALUES
    assert described["other"] == 10 / 61


def test_probabilities():
    """Probabilities are counted in fixed bins."""
    described = reference.reference({}, np.array([0.0, 0.01, 0.99, 1.0]))["predictions"]
    assert described["edges"] == [float(edge) for edge in np.linspace(0, 1, 21)]
    assert (described["shares"][0], described["shares"][-1]) == (0.5, 0.5)


def test_regression():
    """Values of a regression are counted in the range that occurs."""
    described = reference.reference({}, np.array([-10.0, 30.0]))["predictions"]
    assert (described["edges"][0], described["edges"][-1]) == (-10.0, 30.0)


def test_constant():
    """A constant prediction has a histogram too."""
    described = reference.reference({}, np.array([7.0, 7.0]))["predictions"]
    assert sum(described["shares"]) == 1.0


def test_classes():
    """Each class has its scores and the share of rows that choose it."""
    scores = np.array([[0.7, 0.3], [0.2, 0.8], [0.6, 0.4], [0.9, 0.1]])
    described = reference.reference({}, scores, ["no", "yes"])["predictions"]
    assert described["shares"] == {"no": 0.75, "yes": 0.25}
    assert described["classes"]["yes"]["mean"] == 0.4


def test_plain_json():
    """A profile is plain JSON without NaN."""
    features = {"x": np.array([np.nan]), "t": np.array([None], dtype=object)}
    profile = reference.reference(features, np.array([0.5]))
    assert json.loads(json.dumps(profile, allow_nan=False)) == profile
