"""train: the same rows give the same bytes; what cannot or must not be learnt from is refused by name."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import polars as pl
import pytest
import toy

from merge_lane.cli import main
from merge_lane.data import tables
from merge_lane.data.labels import class_names, labels
from merge_lane.data.split import PART
from merge_lane.errors import LeakError, ParamsError, TrainingError
from merge_lane.model import bundle, learners
from merge_lane.model.learners import xgboost
from merge_lane.stages.train import single_feature_auc, train
from merge_lane.system.files import digest

FILES = ["contract.json", "encoding.json", "manifest.json", "model.onnx", "model.ubj", "reference.json"]
only = pytest.mark.parametrize("made", ["binary"], indirect=True)


def test_training_twice_gives_the_same_bytes_of_every_file(made, given, tmp_path):
    train(made.features, made.schema, given.train, made.task, tmp_path / "again")
    assert sorted(path.name for path in made.models.iterdir()) == FILES
    for name in FILES:
        assert (tmp_path / "again" / name).read_bytes() == (made.models / name).read_bytes(), name


def test_the_manifest_names_the_task_and_the_hash_of_everything_that_was_put_in(made):
    model = bundle.load(made.models)
    inputs = model.manifest["inputs"]
    assert model.task == made.task
    assert model.classes == (["high", "low", "middle"] if made.task == "multiclass" else None)
    assert sorted(inputs) == ["contract", "data", "features", "params"]
    assert inputs["contract"] == made.schema.hash
    assert inputs["data"] == digest(made.features)


def test_both_runtimes_agree_on_every_test_row(made):
    model = bundle.load(made.models)
    rows = pl.read_parquet(made.features).filter(pl.col(PART) == "test")
    arrays = tables.to_arrays(rows, [c.name for c in model.schema.request])
    np.testing.assert_allclose(
        model.predict(arrays), model.predict_with_xgboost(arrays), rtol=1e-5, atol=1e-5
    )


@only
def test_another_seed_is_another_model(made, given, tmp_path):
    other = given.train.model_copy(update={"seed": 1})
    assert train(made.features, made.schema, other, "binary", tmp_path / "other").model != digest(
        made.models / "manifest.json"
    )


@only
def test_a_feature_with_a_direction_never_goes_against_it(made, given):
    assert given.train.monotone == {"wind": 1}
    model = bundle.load(made.models)
    built = toy.build(toy.arrays())
    probes = [model.encoding.matrix({**built, "wind": np.full(800, wind)}) for wind in np.linspace(0, 60, 30)]
    scores = np.array([model.score(probe) for probe in probes])
    assert np.diff(scores, axis=0).min() >= 0
    assert np.ptp(scores) > 0


@only
def test_a_direction_of_a_feature_that_does_not_exist_is_refused_by_name(made, given, tmp_path):
    typo = given.train.model_copy(update={"monotone": {"wnd": 1}})
    with pytest.raises(ParamsError, match="names wnd, which features") as caught:
        train(made.features, made.schema, typo, "binary", tmp_path / "models")
    assert caught.value.exit_code == 10
    assert "wind" in caught.value.next
    assert not (tmp_path / "models").exists()


@only
@pytest.mark.parametrize(
    ("keep", "why"),
    [
        (pl.col(PART) == "test", "There are no train rows"),
        (pl.col(PART) != "validation", "There are no validation rows"),
        (pl.col("late"), "All training rows have the same label"),
    ],
)
def test_nothing_to_learn_from_is_refused(made, given, tmp_path, *, keep, why):
    pl.read_parquet(made.features).filter(keep).write_parquet(tmp_path / "f.parquet")
    with pytest.raises(TrainingError, match=why) as caught:
        train(tmp_path / "f.parquet", made.schema, given.train, "binary", tmp_path / "models")
    assert caught.value.exit_code == 19
    assert not (tmp_path / "models").exists()


@only
def test_a_feature_that_ranks_too_well_alone_stops_the_training_by_name(made, given, tmp_path):
    """The others here train with a limit that none of their features reaches."""
    strict = given.train.model_copy(update={"max_single_feature_auc": 0.6})
    with pytest.raises(LeakError, match=r"The feature wind alone reaches a ROC AUC of 0\.[678]") as caught:
        train(made.features, made.schema, strict, "binary", tmp_path / "models")
    assert caught.value.exit_code == 13
    assert not (tmp_path / "models").exists()


def test_a_leak_that_ranks_backwards_or_hides_in_missing_values_is_found():
    late = np.array([0.0, 0.0, 1.0, 1.0])
    assert single_feature_auc(np.array([9.0, 8.0, 2.0, 1.0]), late) == 1.0
    assert single_feature_auc(np.array([np.nan, np.nan, 1.0, 2.0]), late) == 1.0
    assert single_feature_auc(np.array([1.0, 1.0, 1.0, 1.0]), late) == 0.5


def test_classes_have_codes_in_the_order_of_their_names():
    rows = pl.DataFrame({"late": ["b", "a", None, "c", "a"]})
    assert class_names(rows, toy.SCHEMA, "multiclass") == ["a", "b", "c"]
    assert class_names(rows, toy.SCHEMA, "binary") == []
    codes = labels(rows, toy.SCHEMA, ["a", "b", "c"])
    np.testing.assert_array_equal(codes, [1, 0, np.nan, 2, 0])


def test_no_features_stop_the_command_with_11(tmp_path, monkeypatch, capsys):
    (tmp_path / "params.yaml").write_text(toy.PARAMS.read_text())
    monkeypatch.chdir(tmp_path)
    assert main(["train"]) == 11
    assert "There is no data/features.parquet." in capsys.readouterr().err


@only
def test_own_learner(made, given, tmp_path, monkeypatch):
    """Training asks the learner of the name that it was started with."""
    asked = []

    def fit(data, validation, params, **about):
        asked.append((data[0].shape[1] == len(about["names"]), about["task"]))
        return xgboost.fit(data, validation, params, **about)

    module = SimpleNamespace(**{**vars(xgboost), "fit": fit})
    monkeypatch.setitem(learners.LEARNERS, "own", module)
    result = train(made.features, made.schema, given.train, "binary", tmp_path / "models", learner="own")
    assert bundle.load(tmp_path / "models").hash == result.model
    assert asked == [(True, "binary")]
