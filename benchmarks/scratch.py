"""A copy of the last commit to deploy from, its model, and requests that callers of that model would send."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from typing import TYPE_CHECKING

from merge_lane.data import rows
from merge_lane.data.columns import Schema
from merge_lane.errors import ContractError, ReleaseError
from merge_lane.release import replay
from merge_lane.system.files import digest, read_json

if TYPE_CHECKING:
    from pathlib import Path

# The judge is not what is measured here: it looks at few requests and lets a busy machine's latencies pass.
CANARY = {
    "share": 0.5, "min_requests": 200, "min_seconds": 0, "max_seconds": 120, "min_latencies": 50,
    "p50_ratio": 100, "p99_ratio": 100, "latency_slack_ms": 1000,
    "max_prediction_psi": 10, "min_predictions": 200,
}  # fmt: skip


def git(root: Path, *words: str) -> str:
    """Return what a git command prints."""
    command = ["git", "-C", str(root), *words]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def copy(root: Path, scratch: Path) -> Path:
    """Return a clone of the last commit in `scratch`, with its model and a quick canary.

    Raises ReleaseError where the model that lies in the work tree is not the commit's.
    """
    work = scratch / "work"
    git(root, "clone", "--quiet", "--no-local", str(root), str(work))
    manifest = root / "models/manifest.json"
    if not manifest.is_file() or digest(manifest) != digest(work / "models/manifest.json"):
        raise ReleaseError(
            "The model of the last commit is not here.",
            where=str(manifest),
            next="make reproduce, and commit what it changed",
        )
    shutil.copytree(root / "models", work / "models", dirs_exist_ok=True)
    for key, value in {"user.name": "Benchmark", "user.email": "benchmark@example.org"}.items():
        git(work, "config", key, value)
    hasten(work / "params.yaml")
    git(work, "commit", "--quiet", "--all", "--message", "Judge quickly")
    return work


def hasten(params: Path) -> None:
    """Make the canary of `params` a quick one."""
    text = params.read_text(encoding="utf-8")
    for name, value in CANARY.items():
        text = re.sub(rf"(?m)^(  {name}: )\S+", rf"\g<1>{value}", text)
    params.write_text(text, encoding="utf-8")


def bodies(root: Path) -> list[str]:
    """Return test rows as requests of one row each; without features here, the contract's example."""
    schema = Schema.from_json(read_json(root / "models/contract.json"))
    features = root / "data/features.parquet"
    if features.is_file():
        return [body.decode() for body in replay.bodies(features, schema, 1000)]
    row = rows.example(schema)
    if row is None:
        raise ContractError(
            "There is nothing to ask: no features are here, and a required column has no example.",
            where="contract.py",
            next="dvc pull, or make reproduce",
        )
    return [json.dumps({"rows": [row]})]
