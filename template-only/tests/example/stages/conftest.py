"""One small real project: January trains, the first week of February tests; made once."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest
from merge_lane import settings
from merge_lane.stages.evaluate import evaluate
from merge_lane.stages.featurize import featurize
from merge_lane.stages.train import train

ROOT = Path(__file__).parents[4]


@pytest.fixture(scope="session")
def given():
    """The params of the repository, made small."""
    real = settings.load(ROOT / "params.yaml")
    learn = real.train.model_copy(
        update={"rounds": 25, "early_stopping_rounds": 5, "learning_rate": 0.3, "max_depth": 4, "threads": 1}
    )
    measure = real.evaluate.model_copy(update={"bootstrap": 50, "min_slice_rows": 100})
    split = real.split.model_copy(update={"test_from": "2013-02"})
    return real.model_copy(update={"train": learn, "evaluate": measure, "split": split})


@pytest.fixture(scope="session")
def raw(month, tmp_path_factory):
    """Raw months by name, as `ingest` leaves them; February is cut after twelve days."""
    folder = tmp_path_factory.mktemp("project") / "raw"
    folder.mkdir()
    january, february = month("2013-01"), month("2013-02")
    january.write_parquet(folder / "2013-01.parquet")
    february.filter(pl.col("sched_dep").dt.day() <= 12).write_parquet(folder / "2013-02.parquet")
    return {path.stem: path for path in sorted(folder.iterdir())}


@pytest.fixture(scope="session")
def features_path(raw, contract, given, tmp_path_factory):
    target = tmp_path_factory.mktemp("features") / "features.parquet"
    featurize(raw, contract, given.split, target)
    return target


@pytest.fixture(scope="session")
def models(features_path, contract, given, tmp_path_factory):
    """A bundle trained on January. Read only."""
    target = tmp_path_factory.mktemp("trained") / "models"
    train(features_path, contract, given.train, "binary", target)
    return target


@pytest.fixture(scope="session")
def reports(features_path, models, given, tmp_path_factory):
    """What `evaluate` writes of that bundle. Read only."""
    target = tmp_path_factory.mktemp("measured") / "reports"
    evaluate(features_path, models, given.evaluate, target)
    return target
