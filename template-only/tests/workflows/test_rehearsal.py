"""The engine of the rehearsal itself: it runs what GitHub would run, and refuses what GitHub would refuse."""

from __future__ import annotations

import subprocess

import pytest
import yaml
from workflows.rehearsal import engine
from workflows.rehearsal.engine import Event
from workflows.rehearsal.expressions import RehearsalError
from workflows.rehearsal.world import World

TWO_JOBS = """
name: example
on: {push: {}}
permissions: {}
concurrency: {group: "example-${{ github.ref }}"}
env: {BRANCH: "${{ github.ref_name }}"}
jobs:
  second:
    needs: first
    if: needs.first.outputs.said == 'hello main'
    steps:
      - run: echo second
  third:
    needs: second
    if: "!cancelled() && needs.second.result == 'success'"
    steps:
      - run: exit 3
      - run: echo never
      - if: failure()
        run: echo cleaned
  first:
    outputs: {said: "${{ steps.say.outputs.word }}"}
    steps:
      - id: say
        run: echo "word=hello $BRANCH" >> "$GITHUB_OUTPUT"
  last:
    needs: [first, third]
    steps:
      - run: echo not reached
"""


@pytest.fixture
def rehearse(github, expressions, tmp_path):
    origin = tmp_path / "origin.git"
    subprocess.run(["git", "init", "--quiet", "--bare", origin], check=True)

    def go(text: str, name: str = "push", world: dict | None = None, **event) -> engine.Run:
        path = tmp_path / "workflow.yml"
        path.write_text(text)
        world = World(tmp_path, origin, github, **(world or {}))
        return engine.rehearse(
            world, expressions, engine.load(path), Event(name, {}, "refs/heads/main", "0" * 40, **event)
        )

    return go


def test_jobs_run_in_the_order_of_their_needs_with_outputs_and_conditions(rehearse):
    run = rehearse(TWO_JOBS)
    assert run.results() == {"first": "success", "second": "success", "third": "failure", "last": "skipped"}
    log = "\n".join(run.jobs["third"].log)
    assert "cleaned" in log
    assert "never" not in log.replace("--- echo never: skipped", "")


def changed(**jobs) -> str:
    return yaml.safe_dump({**yaml.safe_load(TWO_JOBS.replace("on:", "'on':")), "jobs": jobs})


@pytest.mark.parametrize(
    ("job", "message"),
    [
        ({"steps": [{"uses": "some/action@v1"}]}, "no double stands for some/action"),
        ({"steps": [{"uses": "actions/cache@v5", "with": {"kee": "x"}}]}, "has no input"),
        ({"steps": [{"uses": "actions/checkout@v7"}]}, "leave the token"),
        ({"if": "env.BRANCH == 'main'", "steps": []}, "Unrecognized named-value: 'env'"),
        ({"if": "github.ref ==", "steps": []}, "expression"),
        ({"needs": "nobody", "steps": []}, "wait for each other"),
    ],
)
def test_what_github_would_refuse_is_an_error(rehearse, job, message):
    with pytest.raises(RehearsalError, match=message):
        rehearse(changed(only=job))


def test_an_event_that_does_not_trigger_the_workflow_is_an_error(rehearse):
    with pytest.raises(RehearsalError, match="does not trigger"):
        rehearse(TWO_JOBS, "pull_request")


@pytest.mark.parametrize(("inputs", "message"), [({"other": "x"}, "unexpected inputs"), ({}, "are missing")])
def test_a_dispatch_with_the_wrong_inputs_is_refused_as_github_does(rehearse, inputs, message):
    text = TWO_JOBS.replace("{push: {}}", "{workflow_dispatch: {inputs: {number: {required: true}}}}")
    with pytest.raises(RehearsalError, match=message):
        rehearse(text, "workflow_dispatch", inputs=inputs)


def test_a_fork_gets_no_token_that_writes_and_no_secret(rehearse):
    job = {"permissions": {"contents": "write", "id-token": "write"}, "steps": [{"run": "true"}]}
    run = rehearse(changed(only=job), read_only=True)
    assert run.jobs["only"].granted() == {"contents": "read"}


DEPLOY = {
    "environment": "staging",
    "permissions": {"id-token": "write"},
    "steps": [
        {
            "uses": "aws-actions/configure-aws-credentials@v6",
            "with": {"role-to-assume": "${{ vars.ROLE }}", "aws-region": "${{ vars.REGION }}"},
        },
        {"run": 'test "$AWS_ACCESS_KEY_ID $AWS_REGION" = "key eu-west-1"'},
    ],
}
CLOUD = {"variables": {"REGION": "eu-west-1", "ROLE": "of all"}, "cloud": {"AWS_ACCESS_KEY_ID": "key"}}


def test_a_job_sees_its_environments_variables_and_takes_its_role(rehearse):
    run = rehearse(changed(only=DEPLOY), world={**CLOUD, "environments": {"staging": {"ROLE": "of staging"}}})
    assert run.results() == {"only": "success"}, run.log()
    assert run.world.roles == [("only", "of staging")]


@pytest.mark.parametrize(
    ("job", "world"),
    [
        ({**DEPLOY, "permissions": {}}, CLOUD),
        (DEPLOY, {**CLOUD, "variables": {"REGION": "eu-west-1"}}),
    ],
    ids=["no identity", "no role"],
)
def test_a_role_is_not_taken_without_identity_or_name(rehearse, job, world):
    run = rehearse(changed(only=job), world=world)
    assert run.results() == {"only": "failure"}
    assert run.world.roles == []


def test_an_environment_that_does_not_exist_is_an_error(rehearse):
    with pytest.raises(RehearsalError, match="no environment staging"):
        rehearse(changed(only=DEPLOY), world={**CLOUD, "environments": {"production": {}}})
