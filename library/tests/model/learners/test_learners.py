"""Learners: what they export is what is served, and is checked."""

import types

import numpy as np
import pytest
import toy

from merge_lane.errors import BundleError
from merge_lane.model import learners
from merge_lane.model.learners import xgboost
from merge_lane.model.learners.exported import Exported


def test_export_of_other_scores(tmp_path, monkeypatch):
    """A learner whose own scores differ from those of its ONNX graph makes no bundle."""

    def export(model, features):
        exported = xgboost.export(model, features)
        return Exported(exported.onnx, exported.native, 0, lambda matrix: exported.predict(matrix) + 0.1)

    monkeypatch.setitem(learners.LEARNERS, "wrong", types.SimpleNamespace(export=export))
    with pytest.raises(BundleError, match="disagree"):
        toy.export(tmp_path / "models", learner="wrong")
    assert not (tmp_path / "models").exists()


def test_rounds_after_the_best_one_are_left_out():
    """What is exported scores as the best round does."""
    booster, encoding, matrix = toy.trained("binary")
    exported = xgboost.export(booster, len(encoding.names))
    used = xgboost.rounds(booster)
    best = booster.inplace_predict(matrix, iteration_range=(0, used), validate_features=False)
    assert exported.best_iteration == used - 1 < booster.num_boosted_rounds() - 1
    np.testing.assert_array_equal(exported.predict(matrix), best)
