"""evaluate: every figure is what scikit-learn says of the same predictions, and its interval holds it."""

from __future__ import annotations

import csv
import shutil
from itertools import pairwise

import numpy as np
import polars as pl
import pytest
from merge_lane.data import tables
from merge_lane.data.split import MONTH, PART
from merge_lane.errors import BundleError, ParamsError, TrainingError
from merge_lane.model import bundle
from merge_lane.stages.evaluate import evaluate
from merge_lane.system.files import read_json
from sklearn import metrics as sk

METRICS = ("roc_auc", "pr_auc", "brier", "log_loss", "ece")


@pytest.fixture(scope="module")
def measured(reports):
    return read_json(reports / "metrics.json")


@pytest.fixture(scope="module")
def predicted(reports):
    return pl.read_parquet(reports / "predictions.parquet")


def test_the_metrics_are_those_of_scikit_learn(measured, predicted):
    label, score = predicted["late"].to_numpy(), predicted["_score"].to_numpy()
    ours = {name: measured["model"][name]["value"] for name in METRICS}
    assert ours["roc_auc"] == pytest.approx(sk.roc_auc_score(label, score), abs=1e-6)
    assert ours["pr_auc"] == pytest.approx(sk.average_precision_score(label, score), abs=1e-6)
    assert ours["brier"] == pytest.approx(sk.brier_score_loss(label, score), abs=1e-6)
    assert ours["log_loss"] == pytest.approx(sk.log_loss(label, score), abs=1e-6)


def test_the_calibration_error_is_the_mean_gap_of_ten_bins(measured, predicted):
    label, score = predicted["late"].to_numpy(), predicted["_score"].to_numpy()
    where = np.minimum((score * 10).astype(int), 9)
    gaps = [abs(label[where == b].mean() - score[where == b].mean()) * (where == b).sum() for b in set(where)]
    assert measured["model"]["ece"]["value"] == pytest.approx(sum(gaps) / len(label), abs=1e-6)


@pytest.mark.parametrize("who", ["model", "rate_table", "base_rate"])
@pytest.mark.parametrize("name", ["roc_auc", "pr_auc", "brier", "log_loss"])
def test_each_interval_holds_its_value(measured, who, name):
    figure = measured[who][name]
    assert figure["low"] <= figure["value"] <= figure["high"]


def test_the_model_beats_what_needs_no_model(measured):
    auc = {who: measured[who]["roc_auc"]["value"] for who in ("model", "rate_table", "base_rate")}
    assert auc["model"] > auc["rate_table"] > auc["base_rate"] == 0.5


def test_the_rows_are_counted(measured, features_path):
    parts = dict(pl.read_parquet(features_path)[PART].value_counts().iter_rows())
    assert measured["rows"] == {"test": parts["test"], "train": parts["train"] + parts["validation"]}


def test_each_slice_adds_up_to_all_test_rows(reports, measured, given):
    slices = read_json(reports / "slices.json")
    assert sorted(slices) == sorted(given.evaluate.slices)
    for groups in slices.values():
        assert sum(figures["rows"] for figures in groups.values()) == measured["rows"]["test"]


def test_a_slice_too_small_to_judge_has_its_rows_and_no_metric(reports, given):
    carriers = read_json(reports / "slices.json")["carrier"]
    small = {name for name, figures in carriers.items() if figures["rows"] < given.evaluate.min_slice_rows}
    assert small
    assert small != set(carriers)
    for name, figures in carriers.items():
        assert (set(figures) == {"rows"}) == (name in small)


def test_the_figures_of_a_slice_are_those_of_its_rows(reports, predicted):
    part = predicted.filter(pl.col("_slice:origin") == "JFK")
    figures = read_json(reports / "slices.json")["origin"]["JFK"]
    assert figures["rows"] == part.height
    assert figures["roc_auc"] == pytest.approx(sk.roc_auc_score(part["late"], part["_score"]), abs=1e-6)


def test_the_predictions_are_what_the_bundle_scores_and_can_be_joined_again(predicted, features_path):
    test = pl.read_parquet(features_path).filter(pl.col(PART) == "test")
    assert predicted.height == test.height
    assert {
        "sched_dep",
        "flight",
        "tailnum",
        MONTH,
        "late",
        "_slice:carrier",
        "_slice:hour",
        "_score",
    } <= set(predicted.columns)
    assert predicted["sched_dep"].equals(test["sched_dep"])
    assert predicted["_score"].is_between(0, 1).all()


@pytest.mark.parametrize(
    ("name", "columns"),
    [("roc", ["fpr", "tpr"]), ("pr", ["recall", "precision", "threshold"]),
     ("calibration", ["predicted", "observed", "rows"]), ("gain", ["share_of_rows", "share_found"])],
)  # fmt: skip
def test_each_curve_is_a_csv_that_dvc_can_draw(reports, name, columns):
    lines = list(csv.reader((reports / "plots" / f"{name}.csv").read_text().splitlines()))
    assert lines[0] == columns
    points = [[float(cell) for cell in line] for line in lines[1:]]
    assert 2 <= len(points) <= 200
    assert all(before[0] <= after[0] for before, after in pairwise(points))


def test_measuring_twice_gives_the_same_bytes(features_path, models, given, reports, tmp_path):
    evaluate(features_path, models, given.evaluate, tmp_path)
    files = sorted(path.relative_to(reports) for path in reports.rglob("*") if path.is_file())
    assert len(files) == 7
    for name in files:
        assert (tmp_path / name).read_bytes() == (reports / name).read_bytes(), name


def test_no_test_rows_are_refused(features_path, models, given, tmp_path):
    pl.read_parquet(features_path).filter(pl.col(PART) != "test").write_parquet(tmp_path / "f.parquet")
    with pytest.raises(TrainingError, match="There are no test rows"):
        evaluate(tmp_path / "f.parquet", models, given.evaluate, tmp_path / "reports")
    assert not (tmp_path / "reports").exists()


def test_a_slice_of_a_column_that_does_not_exist_is_refused_before_anything_is_written(
    features_path, models, given, tmp_path
):
    wrong = given.evaluate.model_copy(update={"slices": ("colour",)})
    with pytest.raises(ParamsError, match="There is no column colour to group by") as caught:
        evaluate(features_path, models, wrong, tmp_path / "reports")
    assert "carrier" in caught.value.next
    assert not (tmp_path / "reports").exists()


def test_a_damaged_bundle_is_refused_before_anything_is_scored(features_path, models, given, tmp_path):
    broken = shutil.copytree(models, tmp_path / "models")
    data = (broken / "model.onnx").read_bytes()
    (broken / "model.onnx").write_bytes(data[:-100])
    with pytest.raises(BundleError, match=r"model\.onnx has"):
        evaluate(features_path, broken, given.evaluate, tmp_path / "reports")


def test_the_model_measured_is_the_model_served(models, features_path, predicted):
    model = bundle.load(models)
    rows = pl.read_parquet(features_path).filter(pl.col(PART) == "test").head(50)
    for place in range(0, 50, 10):
        one = tables.to_arrays(rows[place : place + 1], [c.name for c in model.schema.request])
        assert model.predict(one)[0] == predicted["_score"][place]
