"""train: the same rows give the same bytes; what cannot or must not train a model is refused by name."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import polars as pl
import pytest
import toy
from merge_lane.cli import main
from merge_lane.data import schema, tables
from merge_lane.data.columns import Known, Role
from merge_lane.data.labels import class_names, labels
from merge_lane.data.schema import column
from merge_lane.data.split import PART
from merge_lane.errors import LeakError, ParamsError, TrainingError
from merge_lane.model import bundle
from merge_lane.model.inputs import model_features
from merge_lane.stages.featurize import featurize
from merge_lane.stages.train import Part, refuse_leak, single_feature_auc, train
from merge_lane.system.files import digest

from flight_board import features
from flight_board.contract import Contract

ROOT = Path(__file__).parents[4]
DIRECTIONS = {"origin_delay_1h": 1, "origin_delay_3h": 1, "wind_speed": 1}


def test_training_twice_gives_the_same_bytes_of_every_file(features_path, contract, given, models, tmp_path):
    train(features_path, contract, given.train, "binary", tmp_path / "again")
    files = sorted(path.name for path in models.iterdir())
    assert files == [
        "contract.json",
        "encoding.json",
        "manifest.json",
        "model.onnx",
        "model.ubj",
        "reference.json",
    ]
    for name in files:
        assert (tmp_path / "again" / name).read_bytes() == (models / name).read_bytes(), name


def test_another_seed_is_another_model(features_path, contract, given, models, tmp_path):
    other = given.train.model_copy(update={"seed": 1})
    done = train(features_path, contract, other, "binary", tmp_path / "other")
    assert done.model != bundle.load(models).hash


def test_the_manifest_names_the_hash_of_everything_that_was_put_in(models, contract, features_path):
    inputs = bundle.load(models).manifest["inputs"]
    assert sorted(inputs) == ["contract", "data", "features", "params"]
    assert inputs["contract"] == contract.hash
    assert inputs["data"] == digest(features_path)
    assert all(len(value) == 64 for value in inputs.values())


def test_both_runtimes_agree_on_every_test_row(models, features_path):
    model = bundle.load(models)
    rows = pl.read_parquet(features_path).filter(pl.col(PART) == "test")
    arrays = tables.to_arrays(rows, [c.name for c in model.schema.request])
    assert rows.height > 9_000
    assert np.abs(model.predict(arrays) - toy.xgboost_scores(model, arrays)).max() <= 1e-5


@pytest.mark.parametrize("name", DIRECTIONS)
def test_a_feature_with_a_direction_never_goes_against_it(models, features_path, given, name):
    assert given.train.monotone == DIRECTIONS
    model = bundle.load(models)
    rows = pl.read_parquet(features_path).sample(200, seed=2)
    built = features.build(tables.to_arrays(rows, [c.name for c in model.schema.request]))
    probes = np.linspace(-30, 300, 34)
    scores = [model.score(model.encoding.matrix({**built, name: np.full(200, value)})) for value in probes]
    assert np.diff(np.array(scores), axis=0).min() >= 0
    assert np.ptp(scores) > 0


def test_a_direction_of_a_feature_that_does_not_exist_is_refused_by_name(
    features_path, contract, given, tmp_path
):
    typo = given.train.model_copy(update={"monotone": {"wind_sped": 1}})
    with pytest.raises(ParamsError, match="names wind_sped, which features") as caught:
        train(features_path, contract, typo, "binary", tmp_path / "models")
    assert caught.value.exit_code == 10
    assert "wind_speed" in caught.value.next
    assert not (tmp_path / "models").exists()


@pytest.mark.parametrize(
    ("keep", "why"),
    [
        (pl.col(PART) == "test", "There are no train rows"),
        (pl.col(PART) != "validation", "There are no validation rows"),
        (pl.col("late"), "All training rows have the same label"),
    ],
)
def test_nothing_to_learn_from_is_refused(features_path, contract, given, tmp_path, *, keep, why):
    pl.read_parquet(features_path).filter(keep).write_parquet(tmp_path / "f.parquet")
    with pytest.raises(TrainingError, match=why) as caught:
        train(tmp_path / "f.parquet", contract, given.train, "binary", tmp_path / "models")
    assert caught.value.exit_code == 19
    assert not (tmp_path / "models").exists()


def test_no_training_months_stop_the_command_with_19(features_path, tmp_path, monkeypatch, capsys):
    shutil.copy(ROOT / "params.yaml", tmp_path)
    (tmp_path / "data").mkdir()
    pl.read_parquet(features_path).filter(pl.col(PART) == "test").write_parquet(
        tmp_path / "data/features.parquet"
    )
    monkeypatch.chdir(tmp_path)
    assert main(["train"]) == 19
    said = capsys.readouterr().err
    assert "let split.test_from leave some months to train on" in said
    assert "Traceback" not in said


class Leaking(Contract):
    """The mistake: somebody claims that the departure delay is known at the decision."""

    dep_delay: float = column("Departure delay", role=Role.FEATURE, known=Known.AT_DECISION, nullable=True)


@pytest.fixture
def leaking(month, given, monkeypatch, tmp_path):
    """A project that has let `dep_delay` in, in the contract and in the features."""
    build = features.build
    monkeypatch.setattr(features, "build", lambda rows: {**build(rows), "delay": rows["dep_delay"]})
    plain = schema.read(Leaking)
    month("2013-01").write_parquet(tmp_path / "2013-01.parquet")
    featurize({"2013-01": tmp_path / "2013-01.parquet"}, plain, given.split, tmp_path / "f.parquet")
    return plain, tmp_path / "f.parquet"


def test_a_feature_that_has_seen_the_answer_stops_the_training_by_name(leaking, given, tmp_path):
    plain, path = leaking
    with pytest.raises(LeakError, match=r"The feature delay alone reaches a ROC AUC of 0\.[89]") as caught:
        train(path, plain, given.train, "binary", tmp_path / "models")
    assert caught.value.exit_code == 13
    assert not (tmp_path / "models").exists()


def test_an_honest_feature_does_not_stop_the_training(features_path, contract, given):
    rows = pl.read_parquet(features_path).filter(pl.col(PART) == "train")
    learnt = Part(model_features(rows, contract), labels(rows, contract, []))
    refuse_leak(learnt, given.train.max_single_feature_auc)


def test_a_leak_that_ranks_backwards_or_hides_in_missing_values_is_found():
    late = np.array([0.0, 0.0, 1.0, 1.0])
    assert single_feature_auc(np.array([9.0, 8.0, 2.0, 1.0]), late) == 1.0
    assert single_feature_auc(np.array([np.nan, np.nan, 1.0, 2.0]), late) == 1.0
    assert single_feature_auc(np.array([1.0, 1.0, 1.0, 1.0]), late) == 0.5


def test_classes_have_codes_in_the_order_of_their_names(contract):
    rows = pl.DataFrame({"late": ["b", "a", None, "c", "a"]})
    assert class_names(rows, contract, "multiclass") == ["a", "b", "c"]
    assert class_names(rows, contract, "binary") == []
    codes = labels(rows, contract, ["a", "b", "c"])
    np.testing.assert_array_equal(codes, [1, 0, np.nan, 2, 0])
