"""What is logged of one model: parameters, metrics, curves, hashes, files. Plain values, without MLflow."""

from __future__ import annotations

import csv
import math
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from merge_lane import settings
from merge_lane.errors import BundleError
from merge_lane.repository.git import ask
from merge_lane.system.files import digest, read_json

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

CURVE_POINTS = 100  # of a curve drawn in MLflow; the whole curve is an artifact


@dataclass(frozen=True)
class Run:
    """All that is logged of one model, as plain values and files."""

    model_hash: str
    params: dict[str, str]
    metrics: dict[str, float]
    curves: list[tuple[str, float, int]]  # name, value, step
    inputs: dict[str, str]  # name -> hash
    tags: dict[str, str]
    files: list[tuple[Path, str]]  # file, directory in the run's artifacts


def read(root: Path) -> Run:
    """Return what is to be logged. Raises BundleError where the bundle is missing or altered."""
    manifest_path = root / "models" / "manifest.json"
    if not manifest_path.is_file():
        raise BundleError("There is no model to track.", where=str(manifest_path), next="dvc repro makes one")
    manifest = read_json(manifest_path)
    metrics = root / "reports" / "metrics.json"
    return Run(
        model_hash=digest(manifest_path),
        params=flatten(settings.load(root / "params.yaml").model_dump(mode="json")),
        metrics=_numbers(flatten(read_json(metrics))) if metrics.is_file() else {},
        curves=[point for path in _curves(root) for point in _points(path)],
        inputs=flatten(manifest.get("inputs", {})),
        tags=_commit(root),
        files=[*_bundle_files(root, manifest), *_report_files(root)],
    )


def flatten(value: Any, prefix: str = "") -> dict[str, str]:
    """Return {dotted key: text} of nested mappings; a list of plain values is one comma-separated text."""
    if isinstance(value, dict):
        parts = (flatten(item, f"{prefix}.{key}" if prefix else str(key)) for key, item in value.items())
        return {key: text for part in parts for key, text in part.items()}
    if isinstance(value, list) and any(isinstance(item, dict | list) for item in value):
        return flatten(dict(enumerate(value)), prefix)
    return {prefix: ", ".join(map(str, value)) if isinstance(value, list) else str(value)}


def _numbers(values: dict[str, str]) -> dict[str, float]:
    """Keep what is a finite number: MLflow's metrics are nothing else."""
    numbers = {}
    for key, text in values.items():
        try:
            number = float(text)
        except ValueError:
            continue
        if math.isfinite(number):
            numbers[safe_name(key)] = number
    return numbers


def safe_name(key: str) -> str:
    """Replace what MLflow refuses in a name."""
    return re.sub(r"[^\w\-. :/]", "_", key)


def _curves(root: Path) -> list[Path]:
    return sorted((root / "reports" / "plots").glob("*.csv"))


def _points(path: Path) -> Iterator[tuple[str, float, int]]:
    """Yield each numeric column of a curve as steps, thinned evenly to what MLflow can draw."""
    with path.open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    stride = max(1, math.ceil(len(rows) / CURVE_POINTS))
    for step, row in enumerate([*rows[:-1:stride], *rows[-1:]]):
        numbers = _numbers({f"{path.stem}/{key}": text for key, text in row.items() if key and text})
        yield from ((name, number, step) for name, number in numbers.items())


def _bundle_files(root: Path, manifest: dict[str, Any]) -> list[tuple[Path, str]]:
    """Return the bundle's files after each was compared with the manifest."""
    models = root / "models"
    for name, promise in manifest["files"].items():
        path = models / name
        if not path.is_file() or digest(path) != promise["sha256"]:
            state = "altered" if path.is_file() else "missing"
            raise BundleError(
                f"{name} is {state}: the bundle is not the one that its manifest names.",
                where=str(path),
                next="dvc checkout --force models brings it back; dvc repro makes it again",
            )
    return [(models / name, "bundle") for name in (*sorted(manifest["files"]), "manifest.json")]


def _report_files(root: Path) -> list[tuple[Path, str]]:
    reports = [root / "reports" / name for name in ("metrics.json", "slices.json", "model_card.md")]
    files = [(path, "reports") for path in reports if path.is_file()]
    return files + [(path, "plots") for path in _curves(root)]


def _commit(root: Path) -> dict[str, str]:
    """Return the commit that is checked out, and whether anything differs from it."""
    commit = ask("rev-parse", "--verify", "--quiet", "HEAD", root=root) or "unknown"
    changed = ask("status", "--porcelain", root=root)
    return {"mlflow.source.git.commit": commit, "git_dirty": str(bool(changed)).lower()}
