"""The lock flow against a local bare repository, with real git and real DVC."""

from __future__ import annotations

import shutil

import pytest
import yaml
from workflows.toy import Clone, Toy

pytestmark = pytest.mark.slow  # every DVC command takes one to two seconds


@pytest.fixture(scope="session")
def start(tmp_path_factory):
    """A bare repository with main, and a DVC remote that has what main names."""
    toy = Toy(tmp_path_factory.mktemp("lock"))
    toy.start(remote=True)
    return toy


@pytest.fixture
def toy(start, tmp_path):
    """A copy of it, so that each test has its own branches and its own remote."""
    copy = Toy.__new__(Toy)
    copy.root, copy.origin = tmp_path, tmp_path / "origin.git"
    shutil.copytree(start.origin, copy.origin)
    shutil.copytree(start.root / "store", tmp_path / "store")
    return copy


def clone_of(toy: Toy, name: str, branch: str = "main") -> Clone:
    clone = toy.clone(name, branch)
    store = str(toy.root / "store")
    clone.run("dvc", "remote", "modify", "--local", "store", "url", store)
    return clone


def branch_with(toy: Toy, name: str, x: int, y: int) -> tuple[Clone, str]:
    """A branch that changes parameters and leaves dvc.lock as it is: a stale lock."""
    desk = toy.clone(f"{name}-desk")
    desk.git("switch", "--quiet", "-c", name)
    desk.set_params(x, y)
    head = desk.commit(f"Set x={x}, y={y}")
    desk.git("push", "--quiet", "origin", name)
    return desk, head


def test_a_stale_lock_is_committed_and_the_second_pass_runs_nothing_and_gives_the_same_hashes(toy):
    _, head = branch_with(toy, "better", 2, 3)
    first = clone_of(toy, "first-pass", "better")
    assert (
        "git add dvc.lock models/manifest.json reports/metrics.json"
        in first.lane("lock", "--changed", "tmp/lock").stdout
    )
    assert sorted(first.ran()) == ["train", "x", "y"]

    trusted = toy.clone("trusted")
    trusted.lane("lock-commit", "--from", str(first.path / "tmp/lock"), "--head", head, "--branch", "better")

    second = clone_of(toy, "second-pass", "better")
    output = toy.root / "output"
    assert "fresh" in second.lane("lock", GITHUB_OUTPUT=str(output)).stdout
    assert second.ran() == []
    assert output.read_text() == "fresh=true\n"
    assert yaml.safe_load((second.path / "dvc.lock").read_text()) == yaml.safe_load(
        (first.path / "dvc.lock").read_text()
    )
    assert second.git("diff", "--name-only", head, "HEAD").split() == [
        "dvc.lock",
        "models/manifest.json",
        "reports/metrics.json",
    ]


def test_two_locks_that_merge_as_text_into_a_run_that_never_happened_are_caught(toy):
    """Each branch is honest; DVC believes their merge; reproducing from main's lock does not."""
    for name, x, y in (("one", 1, 0), ("two", 0, 1)):
        desk, _ = branch_with(toy, name, x, y)
        desk.run("dvc", "remote", "modify", "--local", "store", "url", str(toy.root / "store"))
        desk.lane("lock")
        desk.commit("Lock")
        desk.git("push", "--quiet", "origin", name)
    desk.git("fetch", "--quiet")
    desk.git("push", "--quiet", "origin", "origin/one:main")
    desk.git("merge", "--quiet", "--no-edit", "origin/one")  # no conflict: git is content
    desk.git("push", "--quiet", "origin", "two")

    merged = clone_of(toy, "merged", "two")
    assert "up to date" in merged.run("dvc", "repro", "--dry", "--allow-missing").stdout
    assert (merged.path / "reports/metrics.json").read_text() == '{"auc": 0}'

    assert "Commit what changed" in merged.lane("lock").stdout
    assert merged.ran() == ["train"]
    assert (merged.path / "reports/metrics.json").read_text() == '{"auc": 1}'


def test_a_conflict_in_the_lock_is_resolved_by_reproducing(toy):
    """Both branches change the model, so git leaves conflict markers in dvc.lock."""
    for name, x, y in (("one", 2, 3), ("two", 2, 5)):
        desk, _ = branch_with(toy, name, x, y)
        desk.run("dvc", "remote", "modify", "--local", "store", "url", str(toy.root / "store"))
        desk.lane("lock")
        desk.commit("Lock")
    desk.git("fetch", "--quiet", str(toy.root / "one-desk"), "one:refs/remotes/origin/main", "--force")
    assert desk.run("git", "merge", "origin/main", check=False).returncode == 1
    assert "<<<<<<<" in (desk.path / "dvc.lock").read_text()
    desk.set_params(2, 5)
    desk.git("add", "params.yaml")
    desk.ran()

    assert "git add dvc.lock" in desk.lane("lock").stdout or "fresh" in desk.lane("lock").stdout
    assert desk.ran() == []  # both runs are in the run cache
    assert yaml.safe_load((desk.path / "dvc.lock").read_text())["stages"]["y"]["params"] == {
        "params.yaml": {"y": 5}
    }


def test_without_a_remote_a_missing_output_is_made_again(toy):
    branch_with(toy, "better", 2, 3)
    clone = toy.clone("plain", "better")
    clone.lane("lock", "--no-remote")
    assert sorted(clone.ran()) == ["train", "x", "y"]
    again = toy.clone("again", "better")
    shutil.copytree(clone.path / ".dvc/cache", again.path / ".dvc/cache")
    again.lane("lock", "--no-remote")
    assert again.ran() == []


def test_lock_check_names_the_stage_that_would_run_and_the_output_that_nobody_pushed(toy):
    clone = clone_of(toy, "check")
    assert clone.lane("lock-check").stdout == "lock: fresh\n"
    (clone.path / "stage.py").write_text("raise SystemExit('must not run')\n")
    assert "Running stage 'train' (its inputs are not here" in clone.lane("lock-check", check=False).stderr
    clone.git("restore", "stage.py")
    clone.set_params(7, 0)
    assert clone.lane("lock-check", "--outputs-only").returncode == 0  # what the hook asks before a push
    shutil.rmtree(toy.root / "store/files")
    done = clone.lane("lock-check", check=False)
    assert done.returncode == 22
    assert "Running stage 'x'" in done.stderr
    assert "not in the remote: models/model.txt" in done.stderr


def test_a_base_that_does_not_exist_is_named(toy):
    done = toy.clone("nobase").lane("lock-base", "--base", "origin/nowhere", check=False)
    assert done.returncode == 22
    assert "There is no revision origin/nowhere" in done.stderr


def test_a_base_without_a_lock_starts_from_none(toy):
    clone = toy.clone("nolock")
    clone.git("rm", "--quiet", "dvc.lock")
    clone.git("commit", "--quiet", "-m", "No lock yet")
    clone.git("switch", "--quiet", "-c", "work")
    (clone.path / "dvc.lock").write_text("made up")
    assert "has no dvc.lock" in clone.lane("lock-base", "--base", "main").stdout
    assert not (clone.path / "dvc.lock").exists()
