"""The whole review: what the candidate is, what it is compared with, every check, and what they come to."""

from __future__ import annotations

import json
import subprocess
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl

from merge_lane.data import tables
from merge_lane.data.columns import Schema
from merge_lane.data.labels import class_names, labels
from merge_lane.data.split import PART, TEST, TRAIN
from merge_lane.errors import LeakError, ProjectError, ReviewError
from merge_lane.metrics import drift
from merge_lane.model import bundle
from merge_lane.model.inputs import model_features
from merge_lane.repository import code
from merge_lane.repository.revision import Base, git, resolve
from merge_lane.review import changes, compare, models
from merge_lane.review.gates import behaviour, compatibility, cost, leakage, shift
from merge_lane.review.gates.checks import Check, Verdict, blocking, off, waived
from merge_lane.review.gates.performance import performance
from merge_lane.system.files import digest, read_json

if TYPE_CHECKING:
    from merge_lane.model.bundle import Bundle
    from merge_lane.review.changes import MonthChange, ParamChange
    from merge_lane.review.compare import Comparison
    from merge_lane.review.gates.compatibility import Change
    from merge_lane.settings import Settings

BEHAVIOUR_ROWS, LATENCY_ROWS = 2000, 64
STATUS_SECONDS = 120


@dataclass
class Review:
    """Everything that the report tells. Filled step by step; what is None could not be had."""

    settings: Settings
    base: Base
    checks: list[Check] = field(default_factory=list)
    schema: Schema | None = None
    model: Bundle | None = None
    base_manifest: dict[str, Any] | None = None
    base_how: str = ""
    comparison: Comparison | None = None
    contract: list[Change] | None = None
    params: list[ParamChange] = field(default_factory=list)
    months: list[MonthChange] = field(default_factory=list)
    lineage: dict[str, str] = field(default_factory=dict)

    @property
    def blocked_by(self) -> list[str]:
        """The gates that stop the merge."""
        return blocking(self.checks)


def review(settings: Settings, root: Path, *, base: str | None, today: date | None = None) -> Review:
    """Compare the work tree's candidate with `base` and judge it. Raises ReviewError where it cannot."""
    found = Review(settings, resolve(base, root))
    status = _ask_status(root)
    _read_contract(found)
    _compare_data(found)
    _read_model(found, _stale(status))
    if found.model is not None:
        _judge_model(found, found.model)
    found.lineage = _lineage(found)
    found.checks = waived(found.checks, settings.gates.waivers, today or datetime.now(UTC).date())
    return found


def _ask_status(root: Path) -> subprocess.Popen[str]:
    """Start `dvc status`, which takes seconds, beside the rest."""
    try:
        return subprocess.Popen(
            ["dvc", "status", "--json"], cwd=root, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
    except OSError as error:
        raise ReviewError("DVC cannot be run.", where="dvc status", next="make setup") from error


def _stale(status: subprocess.Popen[str]) -> list[str]:
    """Return the stages whose outputs are not those of the work tree."""
    out, err = status.communicate(timeout=STATUS_SECONDS)
    if status.returncode:
        said = [line for line in err.splitlines() if line.startswith("ERROR")] or ["no message"]
        raise ReviewError(
            f"dvc status failed: {said[0]}",
            where="dvc.yaml and dvc.lock",
            next="dvc status",
        )
    return sorted(json.loads(out or "{}"))


def _read_contract(found: Review) -> None:
    """Read the candidate's contract and compare it with main's."""
    from merge_lane import project
    from merge_lane.data import schema

    try:
        found.schema = schema.read(project.contract())
    except ProjectError as error:
        gate = leakage.GATE if isinstance(error, LeakError) else compatibility.GATE
        found.checks.append(Check(gate, "contract.py", Verdict.BLOCKED, error.what))
        return
    before = _base_schema(found.base)
    found.contract = None if before is None else compatibility.changes(before, found.schema)
    found.checks += compatibility.compatibility(found.contract, found.settings.gates.compatibility)


def _base_schema(base: Base) -> Schema | None:
    try:
        return Schema.from_json(read_json(base.fetch("models/contract.json")))
    except ReviewError:
        return None


def _raw(found: Review) -> dict[str, str]:
    """Return the md5 of every raw month that is there, by path."""
    paths = [f"data/raw/{month}.parquet" for month in found.settings.data.months]
    return {
        path: digest(found.base.root / path, "md5") for path in paths if (found.base.root / path).is_file()
    }


def _compare_data(found: Review) -> None:
    root = found.base.root
    reports = {
        month: read_json(path)
        for month in found.settings.data.months
        if (path := root / "reports" / "validation" / f"{month}.json").is_file()
    }
    before = {Path(p).stem: md5 for p, md5 in found.base.outputs.items() if p.startswith("data/raw/")}
    after = {Path(path).stem: md5 for path, md5 in _raw(found).items()}
    found.months = changes.months(before, after, reports)
    found.params = changes.params(found.base.show("params.yaml"), (root / "params.yaml").read_bytes())
    found.checks += shift.validation(reports)
    if found.schema is not None:
        found.checks += shift.shift(*_month_sketches(found, found.schema), found.settings.gates.shift)


def _month_sketches(
    found: Review, schema: Schema
) -> tuple[dict[str, tuple[shift.Month, shift.Month | None]], list[shift.Month]]:
    """Return the changed valid months (now, as main has it) and the months that stayed as they are."""
    moved = [m.month for m in found.months if m.what in (changes.NEW, changes.CHANGED) and m.valid]
    if not moved or found.settings.gates.shift is None:
        return {}, []
    stayed = [m.month for m in found.months if m.what == changes.SAME]
    now = {
        month: _sketch(found.base.root / f"data/raw/{month}.parquet", schema) for month in (*moved, *stayed)
    }
    return {month: (now[month], _before(found, month, schema)) for month in moved}, [now[m] for m in stayed]


def _before(found: Review, month: str, schema: Schema) -> shift.Month | None:
    try:
        return _sketch(found.base.fetch(f"data/raw/{month}.parquet"), schema)
    except ReviewError:
        return None


def _sketch(path: Path, schema: Schema) -> shift.Month:
    rows = tables.read(path)
    wanted = [c for c in schema.raw if c.role in ("feature", "time", "label") and c.name in rows.columns]
    clocks = [
        (pl.col(c.name).dt.hour().cast(pl.Float64) * 60 + pl.col(c.name).dt.minute()).alias(c.name)
        for c in wanted
        if rows[c.name].dtype.is_temporal()
    ]
    arrays = tables.to_arrays(rows.with_columns(clocks), [c.name for c in wanted])
    return {name: drift.sketch(values) for name, values in arrays.items()}


def _read_model(found: Review, stale: list[str]) -> None:
    """Load the candidate, if the pipeline ran through for exactly this work tree."""
    if stale:
        text = f"not reproduced for this work tree: {', '.join(stale)}; run `dvc pull`, then `dvc repro`"
        found.checks.append(Check("pipeline", "", Verdict.BLOCKED, text))
    else:
        found.model = bundle.load(found.base.root / models.BUNDLE)
        found.checks.append(Check("pipeline", "", Verdict.PASS, "every output is that of this work tree"))
    _judge_features(found)


def _judge_features(found: Review) -> None:
    """Look for leaks in the training rows, trained or not: a leak may be what stopped the training."""
    path, gate = found.base.root / models.FEATURES, found.settings.gates.leakage
    if gate is None or found.schema is None or not path.is_file():
        found.checks.append(
            off(leakage.GATE, "not in params.yaml" if gate is None else "no features to look at")
        )
        return
    try:
        rows = tables.read(path).filter(pl.col(PART) == TRAIN)
        features = model_features(rows, found.schema)
    except pl.exceptions.PolarsError as error:  # columns of another contract: the pipeline is stale
        found.checks.append(off(leakage.GATE, f"{path.name} is of another contract: {error}"))
        return
    except ProjectError as error:
        found.checks.append(Check(leakage.GATE, "features.py", Verdict.BLOCKED, error.what))
        return
    classes = class_names(rows, found.schema, found.settings.task)
    learnt = labels(rows, found.schema, classes)
    found.checks += leakage.leakage(leakage.aucs(features, learnt, found.settings.task), gate)


def _judge_model(found: Review, model: Bundle) -> None:
    """Score both models on the same rows, and judge what the candidate does and costs."""
    root, gates = found.base.root, found.settings.gates
    stored = tables.read(root / models.PREDICTIONS)
    rows = models.candidate_rows(stored, model)
    base = models.base_scores(found.base, model, stored, _raw(found))
    found.base_how = base.how
    found.base_manifest = _base_manifest(found.base)
    found.comparison = compare.compare(rows, base.scores, models.scores_of(stored), found.settings.evaluate)
    found.checks += performance(found.comparison, gates, read_json(root / "reports" / "metrics.json"))
    table = tables.read(root / models.FEATURES).filter(pl.col(PART) == TEST)
    found.checks += _judge_cost(found, model, table)
    names = [column.name for column in model.schema.request]
    sample = table.sample(min(BEHAVIOUR_ROWS, table.height), seed=found.settings.evaluate.seed)
    found.checks += behaviour.behaviour(
        model.predict, tables.to_arrays(sample, names), gates.behaviour, found.settings.evaluate.seed
    )


def _base_manifest(base: Base) -> dict[str, Any] | None:
    text = base.show(models.MANIFEST)
    return None if text is None else json.loads(text)


def _judge_cost(found: Review, model: Bundle, rows: pl.DataFrame) -> list[Check]:
    gates = found.settings.gates
    checks = list(cost.size(model.manifest, found.base_manifest, gates.size))
    if gates.latency is None:
        return [*checks, off("latency")]
    if _same_program(found, model):
        return [*checks, Check("latency", "", Verdict.PASS, "same model, same code")]
    table = found.base.scratch / "rows.parquet"
    tables.write(rows.sample(min(LATENCY_ROWS, rows.height), seed=found.settings.evaluate.seed), table)
    return [*checks, *cost.latency(_time(found, table), gates.latency)]


def _same_program(found: Review, model: Bundle) -> bool:
    paths = (code.PROJECT, code.LIBRARY, code.WHEELS)
    same_code = (
        git("diff", "--quiet", found.base.revision, "--", *paths, root=found.base.root).returncode == 0
    )
    return same_code and found.base_manifest == model.manifest


def _time(found: Review, rows: Path) -> cost.Timed:
    candidate = (found.base.root, found.base.root / models.BUNDLE)
    try:
        return cost.timed(candidate, (models.code_of(found.base), models.bundle_of(found.base)), rows)
    except ReviewError:
        return cost.timed(candidate, None, rows)


def _lineage(found: Review) -> dict[str, str]:
    root = found.base.root
    head = git("rev-parse", "HEAD", root=root).stdout.decode().strip()
    dirty = git("status", "--porcelain", "--untracked-files=no", root=root).stdout.strip()
    lines = {"commit": head + (" with uncommitted changes" if dirty else ""), "base": found.base.revision}
    if found.model is not None:
        lines |= {"model": found.model.hash} | {
            f"{k} hash": v for k, v in found.model.manifest["inputs"].items()
        }
    return lines
