"""What the commit job refuses: real git objects, no DVC, no network."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml
from workflows.toy import IDENTITY, PIPELINE, Clone, Toy

from merge_lane.errors import LockError
from merge_lane.repository import lock_commit
from merge_lane.repository.lockfile import parse_yaml

INVALID = Path(__file__).parent / "invalid_locks"
GOOD = {
    "schema": "2.0",
    "stages": {
        "x": {
            "cmd": "python stage.py x",
            "outs": [{"path": "data/x", "hash": "md5", "md5": "0" * 32, "size": 2}],
        }
    },
}


@pytest.fixture
def trusted(tmp_path, monkeypatch):
    """A clone of main, where the commit job works, beside a branch `better` that nobody checks out."""
    for name, value in IDENTITY.items():
        monkeypatch.setenv(name, value)
    toy = Toy(tmp_path)
    (tmp_path / "desk").mkdir()
    desk = Clone(tmp_path / "desk", tmp_path / "log")
    desk.git("init", "--quiet")
    desk.git("remote", "add", "origin", str(toy.origin))
    (desk.path / "dvc.yaml").write_text(PIPELINE)
    desk.commit("Start")
    desk.git("push", "--quiet", "origin", "main")
    desk.git("switch", "--quiet", "-c", "better")
    (desk.path / "code.py").write_text("raise SystemExit('the branch must not run')")
    desk.commit("Change the code")
    desk.git("push", "--quiet", "origin", "better")
    clone = toy.clone("trusted")
    monkeypatch.chdir(clone.path)
    return clone


def hand_in(trusted: Clone, **files: str) -> Path:
    """Write files as the train job hands them in; `__` in a name stands for `/`."""
    directory = trusted.path.parent / "handed-in"
    for name, text in files.items():
        path = directory / name.replace("__", "/").replace("_DOT_", ".")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return directory


def head_of(trusted: Clone) -> str:
    return trusted.git("rev-parse", "origin/better")


def commit(trusted: Clone, directory: Path, **changes: str) -> str | None:
    arguments = {"head": head_of(trusted), "branch": "better", "remote": "origin", **changes}
    return lock_commit.commit_lock(directory, **arguments)


def test_the_lock_and_the_metrics_are_committed_and_nothing_is_checked_out(trusted):
    directory = hand_in(trusted, dvc_DOT_lock=yaml.safe_dump(GOOD), reports__metrics_DOT_json='{"auc": 0.7}')
    made = commit(trusted, directory)
    assert trusted.git("ls-remote", "origin", "better").split()[0] == made
    assert trusted.git("diff", "--name-only", f"{made}^", made).split() == [
        "dvc.lock",
        "reports/metrics.json",
    ]
    assert trusted.git("log", "-1", "--format=%an", made) == lock_commit.BOT
    assert trusted.git("status", "--porcelain") == ""
    assert not (trusted.path / "code.py").exists()


def test_files_that_say_nothing_new_make_no_commit(trusted):
    assert commit(trusted, hand_in(trusted, dvc_DOT_yaml=PIPELINE)) is None


@pytest.mark.parametrize(
    "name",
    [
        "code.py",
        ".github/workflows/pull-request.yml",
        "dvc.yaml",
        "reports/other.json",
        ".dvc/config",
        "Makefile",
    ],
)
def test_any_other_file_is_refused(trusted, name):
    directory = hand_in(trusted, dvc_DOT_lock=yaml.safe_dump(GOOD))
    (directory / name).parent.mkdir(parents=True, exist_ok=True)
    (directory / name).write_text("{}")
    with pytest.raises(LockError, match=r"neither dvc\.lock nor an output that git tracks"):
        commit(trusted, directory)
    assert trusted.git("ls-remote", "origin", "better").split()[0] == head_of(trusted)


def test_a_link_is_refused(trusted):
    directory = hand_in(trusted, dvc_DOT_lock=yaml.safe_dump(GOOD))
    (directory / "reports").mkdir()
    (directory / "reports/metrics.json").symlink_to("/etc/hostname")
    with pytest.raises(LockError, match="no plain file"):
        commit(trusted, directory)


def test_a_file_above_the_limit_is_refused(trusted):
    directory = hand_in(trusted, dvc_DOT_lock="#" * (lock_commit.MAX_BYTES + 1))
    with pytest.raises(LockError, match="above 1048576 bytes"):
        commit(trusted, directory)


def test_metrics_that_are_not_json_are_refused(trusted):
    with pytest.raises(LockError, match="not JSON"):
        commit(trusted, hand_in(trusted, reports__metrics_DOT_json="{<<<<<<<"))


@pytest.mark.parametrize("path", sorted(INVALID.glob("*.lock")), ids=lambda path: path.stem)
def test_a_lock_that_dvc_would_not_write_is_refused(path):
    with pytest.raises(LockError):
        lock_commit.check_lock(parse_yaml(path.read_bytes()))


def test_a_lock_as_dvc_writes_it_is_accepted():
    lock_commit.check_lock(json.loads(json.dumps(GOOD)))


def test_a_branch_that_moved_on_is_left_to_its_own_run(trusted):
    directory = hand_in(trusted, dvc_DOT_lock=yaml.safe_dump(GOOD))
    with pytest.raises(LockError, match="has moved on"):
        commit(trusted, directory, head=trusted.git("rev-parse", "origin/main"))


def test_a_second_lock_commit_in_a_row_is_refused_so_that_no_run_follows_another_for_ever(trusted):
    commit(trusted, hand_in(trusted, dvc_DOT_lock=yaml.safe_dump(GOOD)))
    trusted.git("fetch", "--quiet", "origin")
    other = yaml.safe_dump({**GOOD, "stages": {}})
    with pytest.raises(LockError, match="not deterministic"):
        commit(trusted, hand_in(trusted, dvc_DOT_lock=other))


@pytest.mark.parametrize("branch", ["-x", "a..b", "a b", "a:refs/heads/main", ""])
def test_a_name_that_is_no_branch_is_refused(trusted, branch):
    with pytest.raises(LockError):
        commit(trusted, hand_in(trusted, dvc_DOT_lock=yaml.safe_dump(GOOD)), branch=branch)


def test_the_token_is_in_the_environment_of_git_only():
    env = lock_commit.credentials("secret")
    assert env["LOCK_TOKEN"] == "secret"
    assert not any("secret" in value for name, value in env.items() if name != "LOCK_TOKEN")
    assert lock_commit.credentials(None) == {}
