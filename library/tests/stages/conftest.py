"""The toy project in files: eight months train, two test; each task goes through every stage once."""

from __future__ import annotations

from types import SimpleNamespace

import polars as pl
import pytest
import toy

from merge_lane import settings
from merge_lane.stages.evaluate import evaluate
from merge_lane.stages.featurize import featurize
from merge_lane.stages.train import train

TEST_FROM = "2013-09"


@pytest.fixture(scope="session")
def given():
    """The toy's params, with few trees."""
    real = settings.load(toy.PARAMS)
    learn = real.train.model_copy(update={"rounds": 25, "early_stopping_rounds": 5, "learning_rate": 0.3})
    split = real.split.model_copy(update={"test_from": TEST_FROM})
    return real.model_copy(update={"train": learn, "split": split})


def months(task, folder):
    """Write raw months as `ingest` leaves them; return their paths by name."""
    rows = toy.rows(task).with_columns(pl.col("sched_dep").dt.strftime("%Y-%m").alias("name"))
    paths = {}
    for (name,), month in sorted(rows.group_by("name")):
        paths[name] = folder / f"{name}.parquet"
        month.drop("name").sort("sched_dep", "parcel").write_parquet(paths[name])
    return paths


@pytest.fixture(scope="session", params=["binary", "multiclass", "regression"])
def made(request, given, tmp_path_factory):
    """All that the stages write of one task: raw, features, models, reports. Read only."""
    folder = tmp_path_factory.mktemp(request.param)
    schema, task = toy.schema(request.param), request.param
    features_path, models, reports = folder / "features.parquet", folder / "models", folder / "reports"
    raw = months(task, folder)
    featurize(raw, schema, given.split, features_path)
    train(features_path, schema, given.train, task, models)
    evaluate(features_path, models, given.evaluate, reports)
    return SimpleNamespace(
        task=task, schema=schema, raw=raw, features=features_path, models=models, reports=reports
    )
