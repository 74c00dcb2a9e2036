"""pull-request.yml and report-fork.yml, executed as they are written; toy project, real Makefile."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from workflows import toy_review
from workflows.needs import needs_gh
from workflows.rehearsal import engine, events
from workflows.rehearsal.engine import Event
from workflows.toy import Clone, Toy

if TYPE_CHECKING:
    from workflows.rehearsal.world import World

WORKFLOWS = Path(__file__).parents[3] / ".github/workflows"
MERGE_COMMIT = "f" * 40  # what github.sha is for a pull request: nothing may use it
FORK = "somebody/name"

pytestmark = pytest.mark.slow  # each rehearsal runs the pipeline with DVC, once or twice


@pytest.fixture(scope="session")
def seed(tmp_path_factory):
    """The toy project's main, pushed."""
    toy = Toy(tmp_path_factory.mktemp("seed"))
    toy.start(remote=False, extra=toy_review.files(), prepare=toy_review.make_executable)
    return toy


@pytest.fixture
def surroundings(tmp_path):
    return {"RAN_LOG": str(tmp_path / "ran"), "DVC_NO_ANALYTICS": "1"}


@pytest.fixture
def rehearse(world, expressions):
    def go(name: str, event: Event) -> engine.Run:
        run = engine.rehearse(world, expressions, engine.load(WORKFLOWS / name), event)
        print(run.log())
        return run

    return go


def push(desk: Clone, branch: str, x: int, y: int, *, ref: str = "", lock: bool = False) -> str:
    """Push a change of the parameters; without `lock` its dvc.lock is stale."""
    desk.git("switch", "--quiet", "-c", branch)
    desk.set_params(x, y)
    if lock:
        desk.lane("lock")
    head = desk.commit(f"Set x={x}, y={y}")
    desk.run(
        "git", "push", "--quiet", "origin", f"{branch}:{ref or 'refs/heads/' + branch}", LOCK_TOKEN="setup"
    )
    return head


def ran(world: World) -> list[str]:
    log = world.root / "ran"
    stages = sorted(log.read_text().split()) if log.exists() else []
    log.unlink(missing_ok=True)
    return stages


def of_pull_request(branch: str, head: str, **changes) -> Event:
    read_only = bool(changes.get("fork") or changes.get("user"))
    payload = events.pull_request(branch, head, **changes)
    return Event("pull_request", payload, "refs/pull/7/merge", MERGE_COMMIT, read_only=read_only)


@needs_gh
def test_a_stale_lock_is_committed_and_the_run_on_the_new_head_trains_nothing_and_reports(
    rehearse, world, desk
):
    head = push(desk, "better", 2, 3)
    first = rehearse("pull-request.yml", of_pull_request("better", head))
    assert first.results() == {
        "check": "success",
        "train": "success",
        "plan": "skipped",
        "commit": "success",
        "review": "skipped",
        "report": "skipped",
        "pass": "failure",
    }
    assert "a commit with the reproduced lock follows" in first.jobs["pass"].summary
    assert ran(world) == ["train", "x", "y"]

    desk.git("fetch", "--quiet", "origin")
    new_head = desk.git("rev-parse", "origin/better")
    assert desk.git("rev-parse", f"{new_head}^") == head
    started = world.github.dispatches[-1]
    assert started["ref"] == "better"
    event = Event(
        "workflow_dispatch",
        events.dispatch(started["inputs"]),
        "refs/heads/better",
        new_head,
        started["inputs"],
    )
    second = rehearse("pull-request.yml", event)
    assert second.results() == {
        "check": "success",
        "train": "success",
        "plan": "skipped",
        "commit": "skipped",
        "review": "success",
        "report": "success",
        "pass": "success",
    }
    assert ran(world) == []
    assert [c["body"].split("\n\n")[1] for c in world.github.comments] == ["# PASS"]
    assert "auc 0 -> 6" in world.github.comments[0]["body"]


@needs_gh
def test_a_fresh_lock_is_reviewed_at_once_and_a_worse_model_is_blocked_with_its_report(rehearse, world, desk):
    head = push(desk, "worse", -2, 3, lock=True)
    run = rehearse("pull-request.yml", of_pull_request("worse", head))
    assert run.results() == {
        "check": "success",
        "train": "success",
        "plan": "skipped",
        "commit": "skipped",
        "review": "failure",
        "report": "success",
        "pass": "failure",
    }
    assert "a gate blocks" in run.jobs["pass"].summary
    assert [c["body"].split("\n\n")[1] for c in world.github.comments] == ["# BLOCKED"]
    assert world.github.dispatches == []


@needs_gh
def test_a_fork_trains_without_a_token_that_writes_and_its_report_is_posted_by_the_other_workflow(
    rehearse, world, desk
):
    world.secrets, world.variables = {"APP_PRIVATE_KEY": "key"}, {"APP_ID": "1"}
    head = push(desk, "patch-1", 2, 3, ref="refs/pull/7/head")
    run = rehearse("pull-request.yml", of_pull_request("patch-1", head, fork=FORK))
    assert run.results() == {
        "check": "success",
        "train": "success",
        "plan": "skipped",
        "commit": "skipped",
        "review": "success",
        "report": "skipped",
        "pass": "failure",
    }
    assert "commit what `make lock` names" in run.jobs["pass"].summary
    assert all("write" not in granted.values() for granted in list(world.github.tokens.values())[1:])
    assert world.github.comments == []

    world.github.pulls = [{"number": 7, "label": "somebody:patch-1", "head": {"sha": head}}]
    payload = events.workflow_run(run.id, "patch-1", head, event="pull_request", fork=FORK)
    main = desk.git("rev-parse", "origin/main")
    posted = rehearse("report-fork.yml", Event("workflow_run", payload, "refs/heads/main", main))
    assert posted.results() == {"report": "success"}
    body = world.github.comments[0]["body"]
    assert "**From a fork.**" in body
    assert "cc @\u200beverybody" in body


def test_a_branch_of_the_same_repository_is_not_posted_twice(rehearse, desk):
    main = desk.git("rev-parse", "origin/main")
    payload = events.workflow_run(5, "better", main, event="pull_request")
    run = rehearse("report-fork.yml", Event("workflow_run", payload, "refs/heads/main", main))
    assert run.results() == {"report": "skipped"}


TERRAFORM = """\
#!/bin/sh
[ "$2" = plan-as-deployed ] || exit 0
echo "module.service.aws_lb.this: Refreshing state..."
echo "  ~ min_task_count = 1 -> 2"
{last}
"""
PLANNED = 'echo "Plan: 0 to add, 1 to change, 0 to destroy."'


def with_a_cloud(world: World, desk: Clone, branch: str, last: str) -> str:
    """Push a better model with Terraform that plans as `last` says; the repository deploys to AWS."""
    world.variables = {
        "DEPLOY_TARGET": "aws",
        "PLAN_ROLE": "arn:aws:iam::1:role/plan",
        "AWS_REGION": "eu-west-1",
    }
    script = desk.path / "infra/terraform"
    (desk.path / "infra/environment").mkdir(parents=True)
    (desk.path / "infra/environment/staging.tfvars").touch()
    script.write_text(TERRAFORM.format(last=last))
    script.chmod(0o755)
    return push(desk, branch, 2, 3, lock=True)


@needs_gh
def test_with_a_cloud_the_report_shows_what_terraform_would_change(rehearse, world, desk):
    head = with_a_cloud(world, desk, "more-tasks", PLANNED)
    run = rehearse("pull-request.yml", of_pull_request("more-tasks", head))
    assert run.results() == {**dict.fromkeys(run.jobs, "success"), "commit": "skipped"}
    body = world.github.comments[0]["body"]
    assert "Terraform plan, staging: Plan: 0 to add, 1 to change, 0 to destroy." in body
    assert "min_task_count = 1 -> 2" in body.replace("&gt;", ">")
    assert "Refreshing state" not in body


@needs_gh
def test_a_plan_that_fails_is_reported_and_stands_in_the_way(rehearse, world, desk):
    head = with_a_cloud(world, desk, "broken", 'echo "Error: no such variable"; exit 1')
    run = rehearse("pull-request.yml", of_pull_request("broken", head))
    assert run.results() == {
        **dict.fromkeys(run.jobs, "success"), "plan": "failure", "commit": "skipped", "pass": "failure"
    }  # fmt: skip
    assert "plan: failure" in run.jobs["pass"].summary
    assert "Error: no such variable" in world.github.comments[0]["body"]


def test_a_forks_terraform_never_runs_with_a_role(rehearse, world, desk):
    with_a_cloud(world, desk, "patch-2", PLANNED)
    head = desk.git("rev-parse", "HEAD")
    desk.run("git", "push", "--quiet", "origin", "HEAD:refs/pull/7/head", LOCK_TOKEN="setup")
    run = rehearse("pull-request.yml", of_pull_request("patch-2", head, fork=FORK))
    assert run.results()["plan"] == "skipped"
    assert run.results()["review"] == "success"
