"""An update of the template becomes one pull request per release, which says what conflicts."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
RELEASE = "0123456789" * 4
GH = """#!/usr/bin/env bash
echo "$@" >>"$CALLS"
[[ $1 != pr || -z ${REFUSE:-} ]]
"""


def git(*arguments, at):
    result = subprocess.run(
        ["git", *arguments], cwd=at, capture_output=True, text=True, check=True, timeout=30
    )
    return result.stdout.strip()


class Project:
    """A clone, an update prepared in it, and a `gh` that records what it is asked for."""

    def __init__(self, root):
        self.calls, self.remote, self.clone = root / "calls", root / "remote.git", root / "clone"
        self.tools = root / "tools"
        self.tools.mkdir()
        (self.tools / "gh").write_text(GH)
        (self.tools / "gh").chmod(0o755)
        git("init", "--quiet", "--bare", "--initial-branch=main", self.remote, at=root)
        git("clone", "--quiet", self.remote, self.clone, at=root)
        git("switch", "--quiet", "--create", "main", at=self.clone)
        self.write("a.txt", "a\n")
        self.write(".github/workflows/w.yml", "on: push\n")
        self.write(".gitignore", "/tmp/\n")
        git("add", "--all", at=self.clone)
        who = ["-c", "user.name=S", "-c", "user.email=s@localhost"]
        git(*who, "commit", "--quiet", "-m", "Start", at=self.clone)
        git("push", "--quiet", "origin", "main", at=self.clone)

    def write(self, path, text):
        (self.clone / path).parent.mkdir(parents=True, exist_ok=True)
        (self.clone / path).write_text(text)

    def prepare(self, title="Update merge-lane 0.2.0 -> 0.3.0", release=RELEASE, workflow=False):
        """Leave an update in the folder where the first job leaves it."""
        self.write("a.txt", "b\n")
        if workflow:
            self.write(".github/workflows/w.yml", "on: pull_request\n")
        patch = git("diff", "--binary", at=self.clone) + "\n"
        git("checkout", "--quiet", ".", at=self.clone)
        texts = {"update.patch": patch, "title": title + "\n", "body.md": "Body\n", "release": release + "\n"}
        for name, text in texts.items():
            self.write(f"tmp/template-update/{name}", text)

    def propose(self, **extra):
        own = {"PATH": f"{self.tools}:{os.environ['PATH']}", "CALLS": str(self.calls)}
        self.calls.write_text("")
        return subprocess.run(
            [ROOT / "scripts" / "propose-template-update", "tmp/template-update"],
            cwd=self.clone,
            env={**os.environ, **own, "GH_TOKEN": "token", "BASE": "main", **extra},
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )

    def asked(self):
        return self.calls.read_text().splitlines()

    def branches(self):
        return git("branch", "--format=%(refname:short)", at=self.remote).splitlines()


@pytest.fixture
def project(tmp_path):
    return Project(tmp_path)


def test_proposed(project):
    """A branch is pushed, its pull request opened, its checks started."""
    project.prepare()
    assert project.propose().returncode == 0
    assert git("show", "template-update/0123456789:a.txt", at=project.remote) == "b"
    opened, started = project.asked()
    assert "--title Update merge-lane 0.2.0 -> 0.3.0" in opened
    assert opened.startswith("pr create --head template-update/0123456789 --base main")
    assert "--draft" not in opened
    assert started == "workflow run pull-request.yml --ref template-update/0123456789"


def test_once(project):
    """The same release is proposed once."""
    project.prepare()
    project.propose()
    git("switch", "--quiet", "main", at=project.clone)
    again = project.propose()
    assert again.returncode == 0
    assert "there already" in again.stdout
    assert project.asked() == []


def test_draft(project):
    """Conflicts make a draft."""
    project.prepare(title="Update merge-lane 0.2.0 -> 0.3.0 (1 conflict)")
    assert project.propose().returncode == 0
    assert "--draft" in project.asked()[0]


def test_workflows_without_an_app(project):
    """Without an app, changes of workflows travel as a patch."""
    project.prepare(workflow=True)
    assert project.propose().returncode == 0
    branch = "template-update/0123456789"
    assert git("show", f"{branch}:.github/workflows/w.yml", at=project.remote) == "on: push"
    assert "+on: pull_request" in git("show", f"{branch}:template-update-workflows.patch", at=project.remote)
    assert "--draft" in project.asked()[0]
    assert "template-update-workflows.patch" in (project.clone / "tmp/template-update/body.md").read_text()


def test_workflows_with_an_app(project):
    """With an app, workflows are updated and checks start by themselves."""
    project.prepare(workflow=True)
    assert project.propose(APP="true").returncode == 0
    shown = git("show", "template-update/0123456789:.github/workflows/w.yml", at=project.remote)
    assert shown == "on: pull_request"
    assert len(project.asked()) == 1


def test_refused(project):
    """A refused pull request leaves no branch behind."""
    project.prepare()
    refused = project.propose(REFUSE="yes")
    assert refused.returncode == 41
    assert "make github" in refused.stderr
    assert project.branches() == ["main"]


def test_no_commit(project):
    """A release that is no commit is refused."""
    project.prepare(release="main; rm -rf /")
    assert project.propose().returncode == 41
    assert project.branches() == ["main"]
