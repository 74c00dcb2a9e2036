"""The one required check."""

from __future__ import annotations

import json

import pytest
from forge import standalone

FRESH = {
    "check": "success",
    "train": "success",
    "plan": "skipped",
    "commit": "skipped",
    "review": "success",
    "report": "success",
}


@pytest.fixture
def decide(tmp_path):
    """Run the check for results of the other jobs; return its exit code and text."""
    summary = tmp_path / "summary"

    def go(fresh: str = "true", **changes: str) -> tuple[int, str]:
        needs = {name: {"result": result, "outputs": {}} for name, result in {**FRESH, **changes}.items()}
        needs["train"]["outputs"] = {"fresh": fresh} if fresh else {}
        variables = {"NEEDS": json.dumps(needs), "GITHUB_STEP_SUMMARY": str(summary)}
        result = standalone.run("github.required_check", tmp_path, variables)
        assert result.stdout == summary.read_text()
        return result.returncode, result.stdout

    return go


def test_success_passes(decide):
    """All that must succeed has succeeded."""
    assert decide() == (0, "pass: this commit may be merged\n")


def test_report_may_be_skipped(decide):
    """Another workflow posts the report of a fork."""
    assert decide(report="skipped")[0] == 0


@pytest.mark.parametrize("job", ["check", "train", "plan", "review", "report", "commit"])
@pytest.mark.parametrize("result", ["failure", "cancelled"])
def test_failed_job_blocks(decide, job, result):
    """Any job that failed or was cancelled blocks the merge and is named."""
    code, text = decide(**{job: result})
    assert code == 1
    assert f"- {job}: {result}" in text


@pytest.mark.parametrize("job", ["check", "train", "review"])
def test_skipped_job_blocks(decide, job):
    """A job that must succeed and was skipped is no pass."""
    assert decide(**{job: "skipped"})[0] == 1


def test_missing_answer_about_the_lock_blocks(decide):
    """A train job that failed before it answered is no pass."""
    assert decide(fresh="", train="failure")[0] == 1


@pytest.mark.parametrize(
    ("commit", "text"),
    [
        ("success", "its own run decides"),
        ("skipped", "commit what `make lock` names"),
        ("failure", "commit: failure"),
    ],
)
def test_stale_lock_blocks(decide, commit, text):
    """A stale lock never passes, and the check says what follows."""
    code, output = decide(fresh="false", commit=commit, review="skipped")
    assert code == 1
    assert text in output


@pytest.mark.parametrize("needs", ["", "{", "[]"])
def test_unreadable_results_are_no_pass(needs, tmp_path):
    """Without the results of the jobs nothing may be merged."""
    result = standalone.run("github.required_check", tmp_path, {"NEEDS": needs})
    assert (result.returncode, result.stdout) == (2, "")
    assert "NEEDS" in result.stderr
