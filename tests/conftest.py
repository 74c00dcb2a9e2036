"""What the tests of the project share: its contract, its raw months, and its model where one is trained."""

import os
from functools import cache
from pathlib import Path

import pytest
from merge_lane import project, settings
from merge_lane.data import rows as plain
from merge_lane.data import schema
from merge_lane.project import PACKAGE_VARIABLE, declared

ROOT = Path(__file__).parents[1]
MODELS = ROOT / "models"


def pytest_runtest_setup():
    """Name the package for commands that run in a folder of their own."""
    os.environ[PACKAGE_VARIABLE] = declared(ROOT / "pyproject.toml")


@pytest.fixture(scope="session")
def params():
    """The project's params.yaml."""
    return settings.load(ROOT / "params.yaml")


@pytest.fixture(scope="session")
def contract():
    """The contract as plain values."""
    return schema.read(project.contract())


@pytest.fixture(scope="session")
def month(contract, tmp_path_factory):
    """Read one real month through `ingest`: month("2013-01") is its raw rows. Each month is read once."""
    from merge_lane.stages.ingest import ingest

    folder, source = tmp_path_factory.mktemp("raw"), settings.load(ROOT / "params.yaml").data.source
    files = str(ROOT / source) if "{month}" in source else ""

    @cache
    def read(name):
        if files and not Path(files.replace("{month}", name)).exists():
            pytest.skip(f"the file of {name} is not here: dvc pull")
        return ingest(files or source, name, contract, folder / f"{name}.parquet")

    return read


@pytest.fixture(scope="session")
def model():
    """The trained model. Tests that use it are skipped where it is not on this machine."""
    from merge_lane.model import bundle

    if not (MODELS / "model.onnx").exists():
        pytest.skip("models/model.onnx is not here: dvc pull, or make run")
    return bundle.load(MODELS)


@pytest.fixture
def row(model):
    """The contract's example: a row that a caller of the API could send."""
    example = plain.example(model.schema)
    if example is None:
        pytest.skip("a column that callers must send has no example in contract.py")
    return example
