"""Calls of reusable workflows in the emulator: they run as on GitHub, and what GitHub refuses is refused."""

from __future__ import annotations

import copy
import subprocess

import pytest
import yaml
from workflows.rehearsal import engine
from workflows.rehearsal.engine import Event
from workflows.rehearsal.expressions import RehearsalError
from workflows.rehearsal.world import World

CALLER = yaml.safe_load("""
name: caller
"on": {push: {}}
permissions: {}
concurrency: {group: one}
env: {COLOUR: red}
jobs:
  last:
    needs: call
    if: needs.call.outputs.word == 'main in staging'
    steps:
      - run: echo last
  call:
    uses: ./.github/workflows/called.yml
    permissions: {contents: read, id-token: write}
    with:
      place: staging
      count: ${{ 2 }}
""")
CALLED = yaml.safe_load("""
name: called
"on":
  workflow_call:
    inputs:
      place: {type: string, required: true}
      count: {type: number, default: 1}
      loud: {type: boolean}
    outputs:
      word: {value: "${{ jobs.work.outputs.word }}"}
env: {SIZE: "${{ inputs.count }}"}
jobs:
  work:
    environment: ${{ inputs.place }}
    permissions: {contents: read}
    outputs: {word: "${{ steps.work.outputs.word }}"}
    steps:
      - id: work
        env: {ROLE: "${{ vars.ROLE }}", REF: "${{ github.ref_name }} in ${{ inputs.place }}"}
        run: |
          echo "word=$REF" >> "$GITHUB_OUTPUT"
          echo "colour=${COLOUR-none} size=$SIZE role=$ROLE workflow=${{ github.workflow }}"
      - if: env.COLOUR != ''
        run: echo the env of the caller
      - if: inputs.loud == false
        run: echo quiet
""")


@pytest.fixture
def rehearse(github, expressions, tmp_path):
    """Rehearse a caller and the workflow that it calls."""
    origin = tmp_path / "origin.git"
    subprocess.run(["git", "init", "--quiet", "--bare", origin], check=True)
    folder = tmp_path / ".github/workflows"
    folder.mkdir(parents=True)

    def go(caller=CALLER, called=CALLED, **world) -> engine.Run:
        for name, workflow in (("caller", caller), ("called", called)):
            (folder / f"{name}.yml").write_text(yaml.safe_dump(workflow))
        event = Event("push", {}, "refs/heads/main", "0" * 40)
        workflow = engine.load(folder / "caller.yml")
        return engine.rehearse(World(tmp_path, origin, github, **world), expressions, workflow, event)

    return go


def edit(workflow, path: str, value=None):
    """Return a copy with one value set, or removed."""
    copied = copy.deepcopy(workflow)
    *parents, last = path.split(".")
    target = copied
    for name in parents:
        target = target[name]
    if value is None:
        del target[last]
    else:
        target[last] = value
    return copied


def test_call_runs(rehearse):
    """The called jobs run with their inputs; their result and outputs are those of the calling job."""
    run = rehearse()
    assert run.results() == {"call": "success", "last": "success"}
    assert run.jobs["call"].outputs == {"word": "main in staging"}
    assert "=== call / work: success" in run.log()
    assert "workflow=caller" in run.log()


def test_caller_env_is_invisible(rehearse):
    """A called workflow sees its own `env`, never that of its caller."""
    log = rehearse().log()
    assert "colour=none size=2" in log
    assert "--- echo the env of the caller: skipped" in log


def test_environment_variables(rehearse):
    """`vars` in a called job are those of the environment that its input names."""
    run = rehearse(variables={"ROLE": "of all"}, environments={"staging": {"ROLE": "of staging"}})
    assert "role=of staging" in run.log()


def test_defaults(rehearse):
    """An input without a value has its default, else the empty value of its type."""
    log = rehearse(edit(CALLER, "jobs.call.with.count")).log()
    assert "size=1" in log
    assert "--- echo quiet\n" in log


def test_failure_is_the_calls(rehearse):
    """A job that needs a call is skipped where a called job failed."""
    run = rehearse(called=edit(CALLED, "jobs.work.steps", [{"run": "exit 1"}]))
    assert run.results() == {"call": "failure", "last": "skipped"}


def test_skipped_call(rehearse):
    """A call that its `if:` skips runs nothing."""
    run = rehearse(edit(CALLER, "jobs.call.if", "github.ref == 'refs/heads/other'"))
    assert run.results() == {"call": "skipped", "last": "skipped"}
    assert "call / work" not in run.log()


def test_jobs_all_skipped(rehearse):
    """A call is skipped where all its jobs are."""
    run = rehearse(called=edit(CALLED, "jobs.work.if", "inputs.count == 3"))
    assert run.results() == {"call": "skipped", "last": "skipped"}


def test_permissions_are_the_callees(rehearse, github):
    """A called job gets what it asks for, not all that the caller grants."""
    rehearse(edit(CALLER, "jobs.last"))
    assert list(github.tokens.values())[-1] == {"contents": "read"}


def test_permissions_default_to_the_callers(rehearse, github):
    """A called job that asks for nothing in particular gets what the calling job has."""
    rehearse(edit(CALLER, "jobs.last"), edit(CALLED, "jobs.work.permissions"))
    assert list(github.tokens.values())[-1] == {"contents": "read", "id-token": "write"}


def test_secrets_do_not_reach_the_called(rehearse):
    """Nothing passes secrets, so a called job has none."""
    steps = [{"env": {"KEY": "${{ secrets.KEY }}"}, "run": 'echo "key=$KEY."'}]
    assert "key=." in rehearse(called=edit(CALLED, "jobs.work.steps", steps), secrets={"KEY": "hidden"}).log()


def test_signature_names_the_called_file(rehearse, tmp_path):
    """An attestation of a called job is signed by the called workflow, not by its caller."""
    attest = {
        "uses": "actions/attest@v4",
        "with": {"subject-name": "image", "subject-digest": "sha256:0"},
    }
    rights = {"attestations": "write", "id-token": "write"}
    called = edit(edit(CALLED, "jobs.work.steps", [attest]), "jobs.work.permissions", rights)
    run = rehearse(edit(CALLER, "jobs.call.permissions", rights), called)
    assert run.results()["call"] == "success", run.log()
    assert "/.github/workflows/called.yml" in (tmp_path / "attestations").read_text()


@pytest.mark.parametrize(
    ("path", "value", "message"),
    [
        ("with.place", None, r"required inputs \['place'\] are missing"),
        ("with.plaice", "x", r"has no input \['plaice'\]"),
        ("with.count", "${{ 'two' }}", "input count: 'two' is not a number"),
        ("with.loud", "true", "input loud: 'true' is not a boolean"),
        ("with.place", "${{ env.COLOUR }}", "Unrecognized named-value: 'env'"),
        ("permissions", {"id-token": "write"}, "call / work asks for contents: read, the caller grants less"),
        ("permissions", None, "call / work asks for contents: read"),
        ("secrets", "inherit", "secrets"),
        ("environment", "staging", "environment"),
        ("uses", "./.github/workflows/none.yml", "does not exist"),
        ("uses", "./.github/workflows/caller.yml", "no trigger workflow_call"),
        ("uses", "owner/name/.github/workflows/called.yml@main", "not a workflow of this repository"),
    ],
)
def test_call_is_refused(rehearse, path, value, message):
    """What GitHub refuses of a calling job, or what the emulator does not know, is an error."""
    with pytest.raises(RehearsalError, match=message):
        rehearse(edit(CALLER, f"jobs.call.{path}", value))


@pytest.mark.parametrize(
    ("path", "value", "message"),
    [
        ("jobs.work.permissions", {"contents": "write"}, "asks for contents: write, the caller grants less"),
        ("permissions", {"packages": "read"}, None),
        ("concurrency", {"group": "one"}, "deadlock"),
        ("concurrency", {"group": "other"}, None),
        ("jobs.work", {"uses": "./.github/workflows/other.yml"}, "calls another is not emulated"),
    ],
)
def test_called_is_refused(rehearse, path, value, message):
    """A called workflow that asks for too much, or waits for its caller, is an error."""
    called = edit(CALLED, path, value)
    if message is None:
        assert rehearse(called=called).results()["call"] == "success"
        return
    with pytest.raises(RehearsalError, match=message):
        rehearse(called=called)
