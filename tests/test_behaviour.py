"""The trained model behaves as the domain expects."""

import numpy as np
import pytest
from merge_lane import settings
from merge_lane.data import rows as plain
from merge_lane.data.columns import Role

from .conftest import ROOT

DIRECTIONS = settings.load(ROOT / "params.yaml").train.monotone
ROUNDING = 1e-6


def scores(model, *rows):
    return model.predict(plain.arrays(model.schema, rows))


@pytest.mark.parametrize("name", DIRECTIONS)
def test_direction_of_a_feature_holds(model, row, name):
    """A feature with a direction in params.yaml never moves the prediction the other way."""
    built = model.features(plain.arrays(model.schema, [row] * 50))
    quantiles = model.reference["features"][name]["quantiles"]
    matrix = model.encoding.matrix({**built, name: np.linspace(quantiles[0], quantiles[-1], 50)})
    steps = np.diff(model.score(matrix)) * DIRECTIONS[name]
    assert steps.min() >= -ROUNDING
    assert steps.max() > 0


def test_keys_do_not_move_the_prediction(model, row):
    """A key identifies a row; it says nothing about the outcome."""
    others = {"int": 1, "float": 1.0, "str": "another", "bool": True, "datetime": "2001-02-03T04:05:06"}
    keys = {column.name: others[column.dtype] for column in model.schema.having(Role.KEY)}
    one, other = scores(model, row, {**row, **keys})
    np.testing.assert_allclose(one, other, atol=ROUNDING)


def test_missing_values_are_scored(model, row):
    """Each value that may be missing can be left out of a request."""
    gaps = [{**row, column.name: None} for column in model.schema.request if column.nullable]
    assert np.isfinite(scores(model, row, *gaps)).all()


def test_scores_are_probabilities(model, row):
    """A classifier answers between 0 and 1, and the classes of a row add up to 1."""
    if model.task == "regression":
        pytest.skip("a regression answers values")
    (score,) = scores(model, row)
    assert np.all((score >= 0) & (score <= 1))
    assert model.task == "binary" or score.sum() == pytest.approx(1, abs=1e-5)


def test_prediction_is_repeatable(model, row):
    """The same row gets the same score, alone and among others."""
    alone, batch = scores(model, row), scores(model, *[row] * 7)
    np.testing.assert_array_equal(batch, np.repeat(alone, 7, axis=0))
