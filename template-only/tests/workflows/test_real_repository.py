"""pull-request.yml on this repository itself: real pipeline and review, from a stale lock to the comment."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest
from workflows.needs import needs_gh
from workflows.rehearsal import engine, events
from workflows.rehearsal.engine import Event
from workflows.rehearsal.world import World
from workflows.toy import Toy

ROOT = Path(__file__).parents[3]
# The job `check` would run this very test again. All else is the real Makefile's.
GNUMAKEFILE = """\
export PYTHONPATH := $(CURDIR)/src:$(CURDIR)/library/src
%:
\t@$(MAKE) -f Makefile $@
check:
\t@echo "not again"
"""
# The environment is the one that is there.
SETUP = "#!/bin/sh\nmkdir -p .venv && ln -sfn {venv}/* .venv/ && touch .venv/.ready\n"

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1500)]  # the whole pipeline once, where no cache is there


@pytest.fixture
def origin(tmp_path):
    """This repository as it is committed, with a shorter `check`."""
    if subprocess.run(["git", "-C", ROOT, "cat-file", "-e", "HEAD:dvc.lock"], check=False).returncode:
        pytest.skip(
            "nothing is committed yet, or the pipeline has not run: there is no dvc.lock to start from"
        )
    toy = Toy(tmp_path)
    desk = toy.root / "first"
    subprocess.run(["git", "clone", "--quiet", "--no-local", ROOT, desk], check=True)
    clone = toy.at(desk)
    clone.git("switch", "--quiet", "-C", "main")
    (desk / "GNUmakefile").write_text(GNUMAKEFILE)
    (desk / "scripts/setup").write_text(SETUP.format(venv=ROOT / ".venv"))
    clone.commit("Shorten the check")
    clone.git("push", "--quiet", str(toy.origin), "main")
    return toy


@pytest.fixture
def world(origin, github, tmp_path):
    github.extra_environment = {"DVC_NO_ANALYTICS": "1"}
    world = World(tmp_path, origin.origin, github)
    if (ROOT / ".dvc/cache").is_dir():  # as main's Actions cache would be
        world.caches.append(("refs/heads/main", "dvc-main", ROOT / ".dvc/cache"))
    return world


@needs_gh
def test_a_change_is_trained_once_locked_and_judged_on_the_commit_that_would_merge_as_its_comment_says(
    world, origin, expressions
):
    desk = origin.clone("desk")
    desk.git("switch", "--quiet", "-c", "fewer-trees")
    params = desk.path / "params.yaml"
    params.write_text(re.sub(r"(?m)^  rounds: \d+", "  rounds: 5", params.read_text()))
    head = desk.commit("Train five trees")
    desk.run("git", "push", "--quiet", "origin", "fewer-trees", LOCK_TOKEN="setup")
    workflow = engine.load(ROOT / ".github/workflows/pull-request.yml")

    event = Event("pull_request", events.pull_request("fewer-trees", head), "refs/pull/7/merge", "f" * 40)
    first = engine.rehearse(world, expressions, workflow, event)
    print(first.log())
    results = first.results()
    assert (results["check"], results["train"], results["commit"]) == ("success", "success", "success")

    desk.git("fetch", "--quiet", "origin")
    new_head = desk.git("rev-parse", "origin/fewer-trees")
    assert "dvc.lock" in desk.git("diff", "--name-only", head, new_head).split()
    inputs = world.github.dispatches[-1]["inputs"]
    event = Event("workflow_dispatch", events.dispatch(inputs), "refs/heads/fewer-trees", new_head, inputs)
    second = engine.rehearse(world, expressions, workflow, event)
    print(second.log())
    results = second.results()
    assert (results["train"], results["commit"]) == ("success", "skipped")
    assert "Running stage" not in "\n".join(second.jobs["train"].log)
    assert (results["report"], results["pass"]) == ("success", results["review"])
    (comment,) = world.github.comments
    assert ("BLOCKED by" in comment["body"]) == (results["review"] == "failure")
