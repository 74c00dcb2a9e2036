"""The one required check."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[3] / "scripts/ci_pass.py"
FRESH = {
    "check": "success",
    "train": "success",
    "plan": "skipped",
    "commit": "skipped",
    "review": "success",
    "report": "success",
}


def decide(tmp_path: Path, fresh: str = "true", **changes: str) -> tuple[int, str]:
    needs = {name: {"result": result, "outputs": {}} for name, result in {**FRESH, **changes}.items()}
    needs["train"]["outputs"] = {"fresh": fresh} if fresh else {}
    summary = tmp_path / "summary"
    env = {**os.environ, "NEEDS": json.dumps(needs), "GITHUB_STEP_SUMMARY": str(summary)}
    done = subprocess.run([sys.executable, str(SCRIPT)], env=env, capture_output=True, text=True, check=False)
    assert done.stdout == summary.read_text()
    return done.returncode, done.stdout


def test_all_that_must_succeed_passes(tmp_path):
    assert decide(tmp_path) == (0, "pass: this commit may be merged\n")


def test_a_report_that_another_workflow_posts_passes(tmp_path):
    assert decide(tmp_path, report="skipped")[0] == 0


@pytest.mark.parametrize("job", ["check", "train", "plan", "review", "report", "commit"])
@pytest.mark.parametrize("result", ["failure", "cancelled"])
def test_any_job_that_fails_or_is_cancelled_stands_in_the_way_by_name(tmp_path, job, result):
    code, text = decide(tmp_path, **{job: result})
    assert code == 1
    assert f"- {job}: {result}" in text


@pytest.mark.parametrize("job", ["check", "train", "review"])
def test_a_job_that_was_skipped_is_no_pass(tmp_path, job):
    assert decide(tmp_path, **{job: "skipped"})[0] == 1


def test_a_train_job_without_an_answer_about_the_lock_is_no_pass(tmp_path):
    assert decide(tmp_path, fresh="", train="failure")[0] == 1


@pytest.mark.parametrize(
    ("commit", "words"),
    [
        ("success", "its own run decides"),
        ("skipped", "commit what `make lock` names"),
        ("failure", "commit: failure"),
    ],
)
def test_a_stale_lock_never_passes_and_says_what_follows(tmp_path, commit, words):
    code, text = decide(tmp_path, fresh="false", commit=commit, review="skipped")
    assert code == 1
    assert words in text
