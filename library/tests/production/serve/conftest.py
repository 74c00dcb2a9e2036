"""Servers of a toy model and of this project's own contract."""

import made_up
import numpy as np
import pytest
import toy
from production.serve.rig import running
from toy_package import features

from merge_lane.model import bundle, reference
from merge_lane.model.encode import Encoding
from merge_lane.model.export import export
from merge_lane.production.serve.app import Api


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


@pytest.fixture(scope="session")
def project_directory(tmp_path_factory):
    """A bundle of this project's own contract and features, trained on made-up rows."""
    import xgboost
    from toy_package.contract import Contract

    from merge_lane.data import schema

    declared = schema.read(Contract)
    built = features.build(made_up.arrays(declared.request, 300))
    encoding = Encoding.fit(built, 10)
    matrix = encoding.matrix(built)
    label = np.nan_to_num(matrix).sum(axis=1)
    data = xgboost.DMatrix(matrix, label > np.median(label))
    booster = xgboost.train({"objective": "binary:logistic", "max_depth": 3, "nthread": 1}, data, 20)
    directory = tmp_path_factory.mktemp("project") / "models"
    export(
        directory, booster, schema=declared, encoding=encoding, task="binary",
        inputs={**toy.INPUTS, "contract": declared.hash},
        reference=reference.reference(built, booster.inplace_predict(matrix)), build=features.build,
    )  # fmt: skip
    return directory
