"""The whole review in one process: a small project in git, its outputs in DVC's cache, and every gate."""

import json
import shutil
import subprocess
from datetime import date
from pathlib import Path

import polars as pl
import pytest
import toy

from merge_lane import settings as params
from merge_lane.repository.fingerprints import Rerun
from merge_lane.review import evidence, models, run
from merge_lane.review.gates import GATES
from merge_lane.settings import Settings
from merge_lane.stages.evaluate import evaluate
from merge_lane.stages.featurize import featurize
from merge_lane.stages.train import train
from merge_lane.system.files import digest

HERE = Path(toy.__file__).parent
TODAY = date(2026, 3, 1)
REASON = {"reason": "a test"}
GATES_ON = {
    "floors": {**REASON, "metrics": {"roc_auc": 0.55}},
    "non_inferiority": {**REASON, "metrics": {"roc_auc": 0.01}},
    "slices": {**REASON, "metrics": {"roc_auc": 0.5}},
    "calibration": {**REASON, "max_error": 0.5, "max_increase": 0.5},
    "latency": {**REASON, "max_ratio": 2, "max_ms": 1000},
    "size": {**REASON, "max_ratio": 2, "max_mb": 10},
    "leakage": {**REASON, "max_single_feature_auc": 0.95},
    "compatibility": REASON,
    "shift": {**REASON, "numbers": 3, "categories": 0.9, "missing": 0.9},
    "behaviour": {"parcel": {**REASON, "columns": ["parcel"], "expect": "invariance"}},
}
LEFT = "2012-12"
"""A month that main's lock still names and its params.yaml does not."""


def git(root, *arguments):
    identity = ["-c", "user.name=t", "-c", "user.email=t@localhost"]
    subprocess.run(["git", *identity, *arguments], cwd=root, check=True, capture_output=True)


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A project of ten months, its pipeline run once, and its settings. Read only."""
    root = tmp_path_factory.mktemp("project")
    rows = toy.rows("binary").with_columns(pl.col("sched_dep").dt.strftime("%Y-%m").alias("month"))
    months = sorted(rows["month"].unique())
    values = params.load(toy.PARAMS).model_dump(mode="json")
    values["data"]["months"] = months
    values["split"]["test_from"] = "2013-07"
    values["train"] |= {"rounds": 25, "early_stopping_rounds": 5, "learning_rate": 0.3}
    settings = Settings.model_validate({**values, "gates": GATES_ON})
    (root / "params.yaml").write_text(json.dumps(values))  # JSON is YAML
    (root / "pyproject.toml").write_text('[tool.merge-lane]\npackage = "toy_package"\n')
    shutil.copytree(HERE / "toy_package", root / "src/toy_package")
    shutil.copy(toy.__file__, root / "src")
    raw = {month: root / f"data/raw/{month}.parquet" for month in months}
    (root / "data/raw").mkdir(parents=True)
    for month, path in raw.items():
        rows.filter(pl.col("month") == month).drop("month").sort("sched_dep", "parcel").write_parquet(path)
    schema = toy.schema("binary")
    featurize(raw, schema, settings.split, root / "data/features.parquet")
    train(root / "data/features.parquet", schema, settings.train, "binary", root / "models")
    evaluate(root / "data/features.parquet", root / "models", settings.evaluate, root / "reports")
    return root, settings


@pytest.fixture
def project(made, tmp_path, monkeypatch):
    """A copy of that project in git, of which nothing is committed but params.yaml, and its settings."""
    root = tmp_path / "project"
    shutil.copytree(made[0], root)
    git(root, "init", "-q", "-b", "main")
    git(root, "add", "params.yaml")
    git(root, "commit", "-q", "-m", "first")
    monkeypatch.setattr(evidence, "_start_status", lambda _: None)
    monkeypatch.setattr(evidence, "_stale_stages", lambda _: [])
    return root, made[1]


def commit_outputs(root):
    """Commit the outputs as DVC does: their hashes in dvc.lock, their bytes in the cache."""
    paths = [*(root / "models").iterdir(), *(root / "data/raw").iterdir(), root / models.PREDICTIONS]
    outs = [{"path": f"data/raw/{LEFT}.parquet", "md5": "0" * 32}]
    for path in paths:
        outs.append({"path": str(path.relative_to(root)), "md5": digest(path, "md5")})
        target = root / ".dvc/cache/files/md5" / outs[-1]["md5"][:2] / outs[-1]["md5"][2:]
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(path, target)
    (root / "dvc.lock").write_text(json.dumps({"stages": {"all": {"outs": outs}}}))
    git(root, "add", "dvc.lock", models.MANIFEST, "reports/metrics.json")
    git(root, "commit", "-q", "-m", "model")


def review(project):
    root, settings = project
    return run.review(settings, root, base="HEAD", today=TODAY)


def test_unchanged_project(project):
    """Every gate judges, none blocks, and a month that left main before is not reported as removed."""
    commit_outputs(project[0])
    result = review(project)
    assert result.blocked_by == []
    assert list(dict.fromkeys(check.gate for check in result.checks)) == list(GATES)
    assert "off" not in {str(check.verdict) for check in result.checks}
    assert {month.what for month in result.months} == {"same"}
    assert result.lineage["model"] == result.model.hash


def test_changed_library(project):
    """A library that reran a stage to the same bytes is named with that."""
    root = project[0]
    commit_outputs(root)
    lock = json.loads((root / "dvc.lock").read_text())["stages"]["all"]
    for commit, fingerprint in ((True, "a" * 32), (False, "b" * 32)):
        stage = {**lock, "params": {"library.yaml": {"stages.train": fingerprint}}}
        (root / "dvc.lock").write_text(json.dumps({"stages": {"train": stage}}))
        if commit:
            git(root, "commit", "-q", "-a", "-m", "fingerprint")
    assert review(project).reruns == [Rerun("train", same_bytes=True)]


def test_worse_candidate(project):
    """Predictions that rank at random are blocked by the gates on metrics."""
    root = project[0]
    commit_outputs(root)
    stored = pl.read_parquet(root / models.PREDICTIONS)
    stored.with_columns(pl.col("_score").shuffle(seed=1)).write_parquet(root / models.PREDICTIONS)
    assert {"floors", "non_inferiority"} <= set(review(project).blocked_by)


def test_removed_month(project):
    """A month that this change takes out is removed, and only that one."""
    root, settings = project
    commit_outputs(root)
    months = settings.data.months[1:]
    fewer = settings.model_copy(update={"data": settings.data.model_copy(update={"months": months})})
    changes = {month.month: month.what for month in review((root, fewer)).months}
    assert [month for month, what in changes.items() if what == "removed"] == [settings.data.months[0]]


def test_first_model(project):
    """Without a model on main the review says what to commit there; the limits still judge."""
    result = review(project)
    assert result.base_how == models.NO_MODEL
    verdicts = {check.name: str(check.verdict) for check in result.checks}
    assert (verdicts["floors:roc_auc"], verdicts["non_inferiority"]) == ("pass", "off")
