"""The pipeline runs from raw rows to a model that scores, on a part of the real data."""

import numpy as np
import pytest
from merge_lane import project
from merge_lane.data import tables
from merge_lane.model import bundle
from merge_lane.stages.featurize import featurize
from merge_lane.stages.train import train
from merge_lane.stages.validate import validate

ROWS = 3000


@pytest.fixture(scope="module")
def raw(params, month, tmp_path_factory):
    """Some rows of the first month and of the first month that tests."""
    folder = tmp_path_factory.mktemp("months")
    paths = {
        name: folder / f"{name}.parquet" for name in dict.fromkeys([params.data.months[0], _test(params)])
    }
    for name, path in paths.items():
        rows = month(name)
        rows.sample(min(ROWS, rows.height), seed=3).write_parquet(path)
    return paths


def _test(params):
    return next(name for name in params.data.months if name >= params.split.test_from)


def test_month_keeps_the_contract(params, month):
    """The newest month is valid: every value is within its limits, every row has its key once."""
    name = params.data.months[-1]
    assert validate(month(name), project.contract(), name)["findings"] == []


def test_raw_rows_become_a_model_that_scores(params, raw, contract, tmp_path):
    """featurize and train need nothing but the raw months."""
    rows = featurize(raw, contract, params.split, tmp_path / "features.parquet")
    quick = params.train.model_copy(update={"rounds": 5, "threads": 1})
    train(tmp_path / "features.parquet", contract, quick, params.task, tmp_path / "models")
    scores = bundle.load(tmp_path / "models").predict(
        tables.to_arrays(rows.head(50), [column.name for column in contract.request])
    )
    assert len(scores) == 50
    assert np.isfinite(scores).all()
