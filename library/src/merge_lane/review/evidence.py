"""What the gates judge: the candidate and main, as far as each can be read."""

from __future__ import annotations

import json
import subprocess
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from merge_lane.data import tables
from merge_lane.data.columns import Schema
from merge_lane.errors import ProjectError, ReviewError
from merge_lane.model import bundle
from merge_lane.repository.fingerprints import reruns
from merge_lane.repository.lockfile import LOCK
from merge_lane.review import changes, compare, models
from merge_lane.system.files import digest, read_json

if TYPE_CHECKING:
    from merge_lane.model.bundle import Bundle
    from merge_lane.repository.fingerprints import Rerun
    from merge_lane.repository.revision import Base
    from merge_lane.review.changes import ColumnChange, MonthChange, ParamChange
    from merge_lane.review.compare import Comparison
    from merge_lane.settings import Settings

STATUS_SECONDS = 120
METRICS = "reports/metrics.json"


@dataclass
class Evidence:
    """The candidate in the work tree of `base.root`, and main at `base`. None: it is not available."""

    settings: Settings
    base: Base
    stale: list[str] = field(default_factory=list)
    """Stages whose outputs are not those of the work tree; then there is no `model`."""
    schema: Schema | None = None
    refusal: ProjectError | None = None
    """Why the contract cannot be read."""
    contract: list[ColumnChange] | None = None
    raw: dict[str, str] = field(default_factory=dict)
    """md5 of the raw file of each month of the candidate, by path."""
    months: list[MonthChange] = field(default_factory=list)
    validation: dict[str, dict[str, Any]] = field(default_factory=dict)
    """The validation report of each month."""
    params: list[ParamChange] = field(default_factory=list)
    reruns: list[Rerun] = field(default_factory=list)
    """Stages that another version of the library ran."""
    model: Bundle | None = None
    metrics: dict[str, Any] = field(default_factory=dict)
    """metrics.json of the candidate: the model and its baselines."""
    base_manifest: dict[str, Any] | None = None
    base_how: str = ""
    """How main's scores were made, or why there are none."""
    comparison: Comparison | None = None


def gather(settings: Settings, base: Base) -> Evidence:
    """Return the evidence. Raises ReviewError where the candidate cannot be examined at all."""
    evidence = Evidence(settings, base)
    status = _start_status(base.root)
    _read_contract(evidence)
    _compare_data(evidence)
    evidence.stale = _stale_stages(status)
    if not evidence.stale:
        _score(evidence)
    return evidence


def _start_status(root: Path) -> subprocess.Popen[str]:
    """Start `dvc status`, which takes seconds, and do not wait for it."""
    try:
        return subprocess.Popen(
            ["dvc", "status", "--json"], cwd=root, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
    except OSError as error:
        raise ReviewError("DVC cannot be run.", where="dvc status", next="make setup") from error


def _stale_stages(status: subprocess.Popen[str]) -> list[str]:
    """Return the stages whose outputs are not those of the work tree."""
    output, error = status.communicate(timeout=STATUS_SECONDS)
    if status.returncode:
        lines = [line for line in error.splitlines() if line.startswith("ERROR")] or ["no message"]
        raise ReviewError(f"dvc status failed: {lines[0]}", where="dvc.yaml and dvc.lock", next="dvc status")
    return sorted(json.loads(output or "{}"))


def _read_contract(evidence: Evidence) -> None:
    """Read the candidate's contract and compare it with main's."""
    from merge_lane import project
    from merge_lane.data import schema

    try:
        evidence.schema = schema.read(project.contract())
    except ProjectError as error:
        evidence.refusal = error
        return
    before = _base_schema(evidence.base)
    evidence.contract = None if before is None else changes.contract(before, evidence.schema)


def _base_schema(base: Base) -> Schema | None:
    try:
        return Schema.from_json(read_json(base.fetch("models/contract.json")))
    except ReviewError:
        return None


def _compare_data(evidence: Evidence) -> None:
    """Compare parameters, raw months and the library's code of each stage with main's."""
    root, base, names = evidence.base.root, evidence.base, evidence.settings.data.months
    paths = [f"data/raw/{month}.parquet" for month in names]
    evidence.raw = {path: digest(root / path, "md5") for path in paths if (root / path).is_file()}
    reports = {month: root / "reports" / "validation" / f"{month}.json" for month in names}
    evidence.validation = {month: read_json(path) for month, path in reports.items() if path.is_file()}
    params = base.show("params.yaml")
    before = {Path(path).stem: md5 for path, md5 in base.outputs.items() if path.startswith("data/raw/")}
    after = {Path(path).stem: md5 for path, md5 in evidence.raw.items()}
    evidence.months = changes.months(changes.used(before, params), after, evidence.validation)
    evidence.params = changes.params(params, (root / "params.yaml").read_bytes())
    lock = root / LOCK
    evidence.reruns = reruns(base.show(LOCK), lock.read_bytes() if lock.is_file() else None)


def _score(evidence: Evidence) -> None:
    """Load the candidate's model, and compare its scores with those of main's on the same rows."""
    root, base = evidence.base.root, evidence.base
    evidence.model = model = bundle.load(root / models.BUNDLE)
    evidence.metrics = read_json(root / METRICS)
    manifest = base.show(models.MANIFEST)
    evidence.base_manifest = None if manifest is None else json.loads(manifest)
    stored = tables.read(root / models.PREDICTIONS)
    rows, scores = models.candidate_rows(stored, model), models.scores_of(stored)
    main = models.base_scores(base, model, stored, evidence.raw)
    evidence.base_how = main.how
    evidence.comparison = compare.compare(rows, main.scores, scores, evidence.settings.evaluate)
