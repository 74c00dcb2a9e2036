"""Servers of a toy model and of this project's own contract."""

import numpy as np
import pytest
import toy
from serve.rig import running

from merge_lane import bundle, features, profile
from merge_lane.encode import Encoding
from merge_lane.serve.app import Api


@pytest.fixture(scope="session")
def server(toy_bundle):
    """A ready server of the toy model."""
    api = Api(toy_bundle)
    api.warm_up()
    with running(api) as client:
        yield client


@pytest.fixture
def serve_task(tmp_path):
    """Return a function that exports, loads and prepares the API of a task."""

    def prepared(task):
        toy.export(tmp_path / task, task)
        api = Api(bundle.load(tmp_path / task, build=toy.build))
        api.warm_up()
        return api

    return prepared


def _values(column, rows, random):
    if column.allowed:
        return random.choice(np.array(column.allowed, dtype=object), rows)
    if column.dtype == "str":
        return np.full(rows, column.example, dtype=object)
    if column.dtype == "datetime":
        start = np.datetime64(column.example or "2013-01-01", "us")
        return start + random.integers(0, 10**6, rows) * np.timedelta64(60, "s")
    low, high = column.minimum or 0, column.maximum or 100
    values = random.uniform(low, high, rows)
    return values if column.dtype == "float" else values.round()


@pytest.fixture(scope="session")
def project_directory(tmp_path_factory):
    """A bundle of this project's own contract and features, trained on made-up rows."""
    import xgboost

    from merge_lane import schema
    from merge_lane.contract import Contract

    declared, random = schema.read(Contract), np.random.default_rng(5)
    rows = {column.name: _values(column, 300, random) for column in declared.request}
    built = features.build(rows)
    encoding = Encoding.fit(built, 10)
    matrix = encoding.matrix(built)
    label = np.nan_to_num(matrix).sum(axis=1)
    data = xgboost.DMatrix(matrix, label > np.median(label))
    booster = xgboost.train({"objective": "binary:logistic", "max_depth": 3, "nthread": 1}, data, 20)
    directory = tmp_path_factory.mktemp("project") / "models"
    bundle.export(
        directory, booster, schema=declared, encoding=encoding, task="binary",
        inputs={**toy.INPUTS, "contract": declared.hash},
        reference=profile.reference(built, booster.inplace_predict(matrix)),
    )  # fmt: skip
    return directory
