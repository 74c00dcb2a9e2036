"""What dvc.yaml must be like for the lock flow to hold."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[3]
BREAKS = "stages: {train: {cmd: t, outs: [{models/manifest.json: {cache: false}}]}}"


def outputs_that_switch_off_the_run_cache(text: str) -> list[str]:
    """DVC (3.67) does not remember a run with an uncached output that is neither a metric nor a plot."""
    stages = yaml.safe_load(text)["stages"]
    return [
        f"{name}: {path}"
        for name, stage in stages.items()
        for entry in stage.get("do", stage).get("outs", [])
        if isinstance(entry, dict)
        for path, options in entry.items()
        if options.get("cache") is False
    ]


def test_no_output_in_git_switches_off_the_run_cache():
    """A second run of the same pull request would train again."""
    assert outputs_that_switch_off_the_run_cache((ROOT / "dvc.yaml").read_text()) == []


def test_a_plain_output_in_git_is_found():
    assert outputs_that_switch_off_the_run_cache(BREAKS) == ["train: models/manifest.json"]


@pytest.mark.parametrize("path", ["models/manifest.json", "reports/metrics.json"])
def test_the_lock_commit_accepts_what_the_real_pipeline_keeps_in_git(path):
    from merge_lane.repository.lockfile import uncached_outputs

    assert path in uncached_outputs((ROOT / "dvc.yaml").read_bytes())


@pytest.mark.skipif(not (ROOT / "dvc.lock").is_file(), reason="the pipeline has not run yet: no dvc.lock")
def test_the_real_lock_passes_the_check_of_the_lock_commit():
    from merge_lane.repository.lock_commit import check_lock
    from merge_lane.repository.lockfile import parse_yaml

    check_lock(parse_yaml((ROOT / "dvc.lock").read_bytes()))


def test_the_hook_before_a_push_asks_for_outputs_only():
    hooks = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text())["repos"][0]["hooks"]
    (hook,) = [hook for hook in hooks if hook["id"] == "lock-check"]
    assert (hook["stages"], hook["entry"].split()[1:]) == (["pre-push"], ["lock-check", "--outputs-only"])


@pytest.mark.parametrize("name", ["a/__pycache__/b.pyc", "src/__pycache__"])
def test_compiled_files_are_no_part_of_a_dependency(name):
    """They carry times: a directory that a stage depends on would have another hash in every clone."""
    done = subprocess.run(
        ["dvc", "check-ignore", name], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.stdout.strip() == name
