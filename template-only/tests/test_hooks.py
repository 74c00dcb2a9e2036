"""The pre-commit hooks: what they refuse, that a clean tree passes, that they need no network."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[2]
VENV = Path(sys.prefix)
# Pieces, so that this file holds no key itself.
PRIVATE_KEY = "-----BEGIN RSA " + "PRIVATE KEY-----\nMIIE\n"
PLANTED = {
    "ruff": ("planted/unused.py", '"""Planted."""\n\nimport os\n'),
    "ruff-format": ("planted/format.py", '"""Planted."""\n\nx = {  "a":1 }\n'),
    "shellcheck": ("planted/unquoted.sh", "#!/bin/bash\nrm $1\n"),
    "check-yaml": ("planted/broken.yaml", "a: [1\n"),
    "check-toml": ("planted/broken.toml", "a = \n"),
    "check-json": ("planted/broken.json", "{\n"),
    "end-of-file": ("planted/end.md", "no newline"),
    "trailing-whitespace": ("planted/space.md", "space \n"),
    "large-files": ("planted/large.dat", "x" * 601 * 1024),
    "private-keys": ("planted/innocent.txt", PRIVATE_KEY),
    "aws-key-ids": ("planted/notes.txt", "AK" + "IA" + "QWERTYUIOP123456\n"),
}
# These look at the whole project and are tested where they belong: `make lint` runs them.
WHOLE_PROJECT = "mypy,lint-imports,dvc-status"


def run(project, *command, **variables):
    home = project.parent / "pre-commit-home"
    identity = {"GIT_AUTHOR_NAME": "A", "GIT_AUTHOR_EMAIL": "a@example.org"}
    identity |= {"GIT_COMMITTER_NAME": "A", "GIT_COMMITTER_EMAIL": "a@example.org"}
    environment = {**os.environ, **identity, "PRE_COMMIT_HOME": str(home), "SKIP": WHOLE_PROJECT, **variables}
    return subprocess.run(
        [str(part) for part in command],
        cwd=project,
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def pre_commit(project, *arguments):
    return run(project, sys.executable, "-m", "pre_commit", *arguments)


@pytest.fixture(scope="module")
def clone(tmp_path_factory):
    """The working tree as git would have it, new files included, as a repository of its own."""
    project = tmp_path_factory.mktemp("hooks") / "project"
    listed = run(
        ROOT, "git", "ls-files", "-z", "--cached", "--others", "--exclude-standard", PRE_COMMIT_HOME=""
    )
    for name in listed.stdout.split("\0"):
        if name and (ROOT / name).is_file():
            (project / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, project / name)
    (project / ".venv").symlink_to(VENV)
    run(project, "git", "init", "--quiet")
    (project / ".git" / "info" / "exclude").write_text(".venv\n")
    run(project, "git", "add", ".")
    run(project, "git", "commit", "--quiet", "-m", "all")
    return project


@pytest.fixture(scope="module")
def refusals(clone):
    """Plant everything bad at once; return what each hook said."""
    for name, content in PLANTED.values():
        (clone / name).parent.mkdir(exist_ok=True)
        (clone / name).write_text(content)
    run(clone, "git", "add", "planted")
    files = [name for name, _ in PLANTED.values()]
    ran = pre_commit(clone, "run", "--color", "never", "--files", *files)
    run(clone, "git", "rm", "-rfq", "--cached", "planted")
    shutil.rmtree(clone / "planted")
    return dict(re.findall(r"^- hook id: (\S+)\n(.*?)(?=^\S[^\n]*\.{3,}|\Z)", ran.stdout, re.M | re.S))


def test_a_clean_tree_passes(clone):
    ran = pre_commit(clone, "run", "--all-files")
    assert ran.returncode == 0, ran.stdout


@pytest.mark.parametrize("written", ["stages: {}\n", "<<<<<<< HEAD\n"])
def test_stale_fingerprints_are_written_again(clone, written):
    """The hook fails once, and the file that it leaves passes."""
    path = clone / "library.yaml"
    fresh = path.read_text()
    path.write_text(written)
    failed = pre_commit(clone, "run", "fingerprints", "--files", "library/src/merge_lane/stages/train.py")
    assert failed.returncode == 1
    assert "files were modified by this hook" in failed.stdout
    assert path.read_text() == fresh
    assert pre_commit(clone, "run", "fingerprints", "--all-files").returncode == 0


@pytest.mark.parametrize(
    "file", ["vendor/merge_lane-1.0-py3-none-any.whl", "requirements/all.txt", "library.yaml"]
)
def test_fingerprints_hook_sees_an_update(file):
    """In a project the library changes with its wheel or its requirements."""
    hooks = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text())["repos"][0]["hooks"]
    (hook,) = (hook for hook in hooks if hook["id"] == "fingerprints")
    assert re.search(hook["files"], file)
    assert not re.search(hook["files"], "src/flight_board/contract.py")


@pytest.mark.parametrize("hook", PLANTED)
def test_what_does_not_belong_in_a_commit_is_refused_by_name(refusals, hook):
    assert Path(PLANTED[hook][0]).name in refusals[hook] or "files were modified" in refusals[hook]


def test_an_installed_hook_stops_the_commit_of_a_private_key(clone):
    assert pre_commit(clone, "install").returncode == 0
    assert {"pre-commit", "pre-push", "post-checkout"} <= {
        p.name for p in (clone / ".git" / "hooks").iterdir()
    }
    (clone / "innocent.txt").write_text(PRIVATE_KEY)
    run(clone, "git", "add", "innocent.txt")
    committed = run(clone, "git", "commit", "-m", "a key")
    assert committed.returncode != 0
    assert "Private key found: innocent.txt" in committed.stdout + committed.stderr
    assert run(clone, "git", "ls-tree", "HEAD", "innocent.txt").stdout == ""
    run(clone, "git", "rm", "-fq", "innocent.txt")


def test_every_hook_calls_a_tool_of_the_locked_environment_and_fetches_nothing():
    configuration = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text())
    assert [repository["repo"] for repository in configuration["repos"]] == ["local"]
    hooks = configuration["repos"][0]["hooks"]
    tools = [hook["entry"].split()[0] for hook in hooks if hook["language"] == "system"]
    assert {hook["language"] for hook in hooks} == {"system", "pygrep"}
    assert [tool for tool in tools if not (VENV / tool.removeprefix(".venv/")).exists()] == []
