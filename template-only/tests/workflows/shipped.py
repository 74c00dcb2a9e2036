"""A small project that deploy.yml can release: the real Makefile, library and recipe, and models of a second.

`dvc repro` copies the model that seed.txt names, so a commit chooses its model, and nothing trains.
"""

from __future__ import annotations

import inspect
import os
import re
import shutil
import sys
from pathlib import Path

import numpy as np
import polars as pl
import toy
import xgboost
from merge_lane.data.split import PART, TEST
from merge_lane.model.export import export
from merge_lane.release.image.build import RECIPE
from release.rig import TOY, quick_params
from workflows.toy_review import SETUP

ROOT = Path(__file__).parents[3]
STAGE = """\
import pathlib, shutil
name = pathlib.Path("seed.txt").read_text().strip()
shutil.copytree(pathlib.Path("seeds", name), "models", dirs_exist_ok=True)
pathlib.Path("data").mkdir(exist_ok=True)
shutil.copy("features.parquet", "data/features.parquet")
"""
MODEL_FILES = ("contract.json", "encoding.json", "model.onnx", "model.ubj", "reference.json")
PIPELINE = f"""\
stages:
  train:
    cmd: python stage.py
    deps: [seed.txt, seeds, features.parquet, stage.py]
    outs: [data/features.parquet, {", ".join(f"models/{name}" for name in MODEL_FILES)}]
    metrics:
      - models/manifest.json: {{cache: false}}
"""
IGNORED = (
    "/data/\n/models/*\n!/models/manifest.json\n/tmp/\n.venv\n.dvcstore/\n/deployments/\n/release.json\n"
)


FEATURES = '''"""Features of the small model."""

import numpy as np


def history(rows):
    """Return no derived column."""
    return {{}}


{build}'''


def tools() -> str:
    """Return where programs are; what is installed with the tests comes first."""
    return f"{Path(sys.executable).parent}:{os.environ['PATH']}"


def write(root: Path) -> None:
    """Write all files but what the pipeline makes."""
    for name in (".dvc/config", "Makefile", RECIPE):
        put(root / name, (ROOT / name).read_bytes())
    ignored = shutil.ignore_patterns("__pycache__", "*.egg-info")
    for folder in ("scripts", ".github/actions", "library/src"):
        shutil.copytree(ROOT / folder, root / folder, ignore=ignored)
    package = root / "src" / TOY.name
    shutil.copytree(TOY, package, ignore=ignored)
    declaration = re.sub(
        r'(?m)^package = ".*"$', f'package = "{TOY.name}"', (ROOT / "pyproject.toml").read_text()
    )
    texts = {
        "pyproject.toml": declaration,
        "scripts/setup": SETUP.format(venv=ROOT / ".venv"),
        "params.yaml": quick_params(),
        "stage.py": STAGE,
        "dvc.yaml": PIPELINE,
        ".gitignore": IGNORED,
        "seed.txt": "first\n",
        "reports/metrics.json": '{"auc": 0.74}\n',
        **{f"requirements/{name}.txt": "" for name in ("all", "build", "serve")},
    }
    for name, text in texts.items():
        put(root / name, text.encode())
    put(package / "features.py", FEATURES.format(build=inspect.getsource(toy.build)).encode())
    write_models(root)


def put(path: Path, data: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)


def write_models(root: Path) -> None:
    """Write `first`, `second` (predicts the same), `wrong` (turns it round), and rows."""
    toy.export(root / "seeds/first")
    toy.export(root / "seeds/second", inputs={**toy.INPUTS, "params": "b" * 64})
    export(root / "seeds/wrong", turned_round(), **toy.parts("binary"))
    rows = pl.DataFrame(toy.arrays())
    rows = rows.with_columns(pl.col("parcel").cast(pl.Int64), pl.col("dest").fill_null("IAH"))
    rows.with_columns(pl.lit(TEST).alias(PART)).write_parquet(root / "features.parquet")


def turned_round() -> xgboost.Booster:
    """Return a model that finds likely what the first one finds unlikely."""
    booster, encoding, matrix = toy.trained("binary")
    scores = booster.inplace_predict(matrix, validate_features=False)
    label = scores < np.median(scores)
    data = xgboost.DMatrix(matrix, label, feature_names=list(encoding.names))
    return xgboost.train({"objective": "binary:logistic", "max_depth": 3, "nthread": 1, "seed": 1}, data, 20)
