"""evaluate: every figure is what scikit-learn says of the same predictions, and its interval holds it."""

from __future__ import annotations

import csv
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import polars as pl
import pytest
import toy
from sklearn import metrics as sk

from merge_lane.data import tables
from merge_lane.data.columns import Schema
from merge_lane.data.labels import labels
from merge_lane.data.split import PART
from merge_lane.errors import BundleError, ParamsError, TrainingError
from merge_lane.metrics.table import METRICS
from merge_lane.model import bundle
from merge_lane.stages.evaluate import Tested, evaluate, predictions
from merge_lane.system.files import read_json

only = pytest.mark.parametrize("made", ["binary"], indirect=True)


@pytest.fixture
def measured(made):
    return read_json(made.reports / "metrics.json")


@pytest.fixture
def tested(made):
    """The labels of the test rows as codes, and the model's scores."""
    rows = pl.read_parquet(made.features).filter(pl.col(PART) == "test")
    model = bundle.load(made.models)
    arrays = tables.to_arrays(rows, [c.name for c in made.schema.request])
    return labels(rows, made.schema, model.classes or []), model.predict(arrays)


def test_the_metrics_are_those_of_scikit_learn(made, measured, tested):
    label, score = tested
    expected = {
        "binary": lambda: {
            "roc_auc": sk.roc_auc_score(label, score),
            "brier": sk.brier_score_loss(label, score),
            "log_loss": sk.log_loss(label, score),
        },
        "multiclass": lambda: {
            "accuracy": sk.accuracy_score(label, score.argmax(axis=1)),
            "log_loss": sk.log_loss(label, score / score.sum(axis=1, keepdims=True)),
        },
        "regression": lambda: {
            "rmse": np.sqrt(sk.mean_squared_error(label, score)),
            "mae": sk.mean_absolute_error(label, score),
            "r2": sk.r2_score(label, score),
        },
    }[made.task]()
    ours = {name: measured["model"][name]["value"] for name in expected}
    assert ours == pytest.approx(expected, abs=1e-5)


def test_each_interval_holds_its_value(made, measured):
    for who in ("model", "rate_table", "base_rate"):
        for name in METRICS[made.task]:
            figure = measured[who][name]
            if figure["low"] is not None and name != "ece":  # resampling only adds to a calibration error
                assert figure["low"] <= figure["value"] <= figure["high"], (who, name)


def test_the_model_beats_what_needs_no_model(made, measured):
    name, better = {"binary": ("roc_auc", 1), "multiclass": ("accuracy", 1), "regression": ("rmse", -1)}[
        made.task
    ]
    assert better * measured["model"][name]["value"] > better * measured["base_rate"][name]["value"]


def test_each_slice_adds_up_to_all_test_rows(made, measured, given):
    slices = read_json(made.reports / "slices.json")
    assert sorted(slices) == sorted(given.evaluate.slices)
    for groups in slices.values():
        assert sum(figures["rows"] for figures in groups.values()) == measured["rows"]["test"]
        for figures in groups.values():
            assert (set(figures) == {"rows"}) == (figures["rows"] < given.evaluate.min_slice_rows)


def test_each_curve_is_a_csv_that_dvc_can_draw(made):
    empty = {"roc", "pr"} if made.task == "regression" else set()  # a number has no such curve
    for name in ("roc", "pr", "calibration", "gain"):
        head, *points = csv.reader((made.reports / "plots" / f"{name}.csv").read_text().splitlines())
        assert len(head) >= 2
        assert len(points) == 0 if name in empty else 2 <= len(points) <= 200


def test_measuring_twice_gives_the_same_bytes(made, given, tmp_path):
    evaluate(made.features, made.models, given.evaluate, tmp_path)
    files = [path.relative_to(made.reports) for path in made.reports.rglob("*") if path.is_file()]
    assert len(files) > 3
    for name in files:
        assert (tmp_path / name).read_bytes() == (made.reports / name).read_bytes(), name


@only
def test_no_test_rows_are_refused(made, given, tmp_path):
    pl.read_parquet(made.features).filter(pl.col(PART) != "test").write_parquet(tmp_path / "f.parquet")
    with pytest.raises(TrainingError, match="There are no test rows"):
        evaluate(tmp_path / "f.parquet", made.models, given.evaluate, tmp_path / "reports")
    assert not (tmp_path / "reports").exists()


@only
def test_a_slice_of_a_column_that_does_not_exist_is_refused_before_anything_is_written(made, given, tmp_path):
    wrong = given.evaluate.model_copy(update={"slices": ("colour",)})
    with pytest.raises(ParamsError, match="There is no column colour to group by") as caught:
        evaluate(made.features, made.models, wrong, tmp_path / "reports")
    assert "courier" in caught.value.next
    assert not (tmp_path / "reports").exists()


@only
def test_a_damaged_bundle_is_refused_before_anything_is_scored(made, given, tmp_path):
    toy.export(tmp_path / "models")
    data = (tmp_path / "models" / "model.onnx").read_bytes()
    (tmp_path / "models" / "model.onnx").write_bytes(data[:-100])
    with pytest.raises(BundleError, match=r"model\.onnx has"):
        evaluate(made.features, tmp_path / "models", given.evaluate, tmp_path / "reports")


def test_target_called_score():
    """A table may have a column of that name: its labels stay next to the model's scores."""
    rows = toy.rows("regression").rename({"late": "score"}).with_columns(pl.lit("2013-09").alias("_month"))
    columns = tuple(replace(c, name="score") if c.name == "late" else c for c in toy.schema("regression"))
    tested = Tested(rows, rows["score"].to_numpy(), np.zeros(rows.height), None)
    model = SimpleNamespace(schema=Schema(columns), classes=None)
    stored = predictions(tested, model, SimpleNamespace(slices=("courier",)))
    assert stored["score"].equals(rows["score"])
    assert stored["_score"].to_list() == [0.0] * rows.height
