"""train: the same rows give the same bytes; what cannot or must not train a model is refused by name."""

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


def test_same_bytes(made, given, tmp_path):
    """Training twice gives the same bytes of every file."""
    train(made.features, made.schema, given.train, made.task, tmp_path / "again")
    assert sorted(path.name for path in made.models.iterdir()) == FILES
    for name in FILES:
        assert (tmp_path / "again" / name).read_bytes() == (made.models / name).read_bytes(), name


def test_manifest(made):
    """The manifest names the task and the hash of every input."""
    model = bundle.load(made.models)
    inputs = model.manifest["inputs"]
    assert model.task == made.task
    assert model.classes == (["high", "low", "middle"] if made.task == "multiclass" else None)
    assert sorted(inputs) == ["contract", "data", "features", "params"]
    assert inputs["contract"] == made.schema.hash
    assert inputs["data"] == digest(made.features)


def test_runtimes_agree(made):
    """Both runtimes agree on every test row."""
    model = bundle.load(made.models)
    rows = pl.read_parquet(made.features).filter(pl.col(PART) == "test")
    arrays = tables.to_arrays(rows, [c.name for c in model.schema.request])
    np.testing.assert_allclose(model.predict(arrays), toy.xgboost_scores(model, arrays), rtol=1e-5, atol=1e-5)


@only
def test_seed(made, given, tmp_path):
    """Another seed is another model."""
    other = given.train.model_copy(update={"seed": 1})
    assert train(made.features, made.schema, other, "binary", tmp_path / "other").model != digest(
        made.models / "manifest.json"
    )


@only
def test_monotone(made, given):
    """A monotone constraint holds everywhere."""
    assert given.train.monotone == {"wind": 1}
    model = bundle.load(made.models)
    built = toy.build(toy.arrays())
    probes = [model.encoding.matrix({**built, "wind": np.full(800, wind)}) for wind in np.linspace(0, 60, 30)]
    scores = np.array([model.score(probe) for probe in probes])
    assert np.diff(scores, axis=0).min() >= 0
    assert np.ptp(scores) > 0


@only
def test_unknown_monotone(made, given, tmp_path):
    """A monotone constraint on an unknown feature is refused by name."""
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
def test_nothing_to_train_on(made, given, tmp_path, *, keep, why):
    """Empty parts and a single label are refused."""
    pl.read_parquet(made.features).filter(keep).write_parquet(tmp_path / "f.parquet")
    with pytest.raises(TrainingError, match=why) as caught:
        train(tmp_path / "f.parquet", made.schema, given.train, "binary", tmp_path / "models")
    assert caught.value.exit_code == 19
    assert not (tmp_path / "models").exists()


@only
def test_leak(made, given, tmp_path):
    """The others here train with a limit that none of their features reaches."""
    strict = given.train.model_copy(update={"max_single_feature_auc": 0.6})
    with pytest.raises(LeakError, match=r"The feature wind alone reaches a ROC AUC of 0\.[678]") as caught:
        train(made.features, made.schema, strict, "binary", tmp_path / "models")
    assert caught.value.exit_code == 13
    assert not (tmp_path / "models").exists()


def test_hidden_leak():
    """A leak that ranks backwards or hides in missing values is found."""
    late = np.array([0.0, 0.0, 1.0, 1.0])
    assert single_feature_auc(np.array([9.0, 8.0, 2.0, 1.0]), late) == 1.0
    assert single_feature_auc(np.array([np.nan, np.nan, 1.0, 2.0]), late) == 1.0
    assert single_feature_auc(np.array([1.0, 1.0, 1.0, 1.0]), late) == 0.5


def test_class_codes():
    """Classes have codes in the order of their names."""
    rows = pl.DataFrame({"late": ["b", "a", None, "c", "a"]})
    assert class_names(rows, toy.SCHEMA, "multiclass") == ["a", "b", "c"]
    assert class_names(rows, toy.SCHEMA, "binary") == []
    codes = labels(rows, toy.SCHEMA, ["a", "b", "c"])
    np.testing.assert_array_equal(codes, [1, 0, np.nan, 2, 0])


def test_no_features(tmp_path, monkeypatch, capsys):
    """Without features the command ends with 11."""
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
