"""Runs one workflow for one event: jobs by `needs`, steps in order, with GitHub's contexts and defaults."""

from __future__ import annotations

import json
import os
import subprocess
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import yaml
from workflows.rehearsal.doubles import DOUBLES, StepFailedError
from workflows.rehearsal.expressions import RehearsalError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from workflows.rehearsal.expressions import Expressions
    from workflows.rehearsal.world import World

ACTOR = "ada"
STEP_SECONDS = 240
WRITE_TO_READ = {"write": "read", "read": "read"}


def load(path: Path) -> dict[str, Any]:
    """Return a workflow; YAML 1.1 reads the key `on` as true."""
    workflow = yaml.safe_load(path.read_text())
    workflow["on"] = workflow.pop(True, workflow.get("on"))
    return workflow


@dataclass
class Event:
    """What started the run."""

    name: str
    payload: dict[str, Any]
    ref: str
    sha: str
    inputs: dict[str, str] = field(default_factory=dict)
    read_only: bool = False  # a fork's token


@dataclass
class Run:
    """One run of a workflow and what became of its jobs."""

    world: World
    expressions: Expressions
    workflow: dict[str, Any]
    event: Event
    id: int
    jobs: dict[str, Job] = field(default_factory=dict)

    @property
    def ref(self) -> str:
        return self.event.ref

    @property
    def sha(self) -> str:
        return self.event.sha

    def results(self) -> dict[str, str]:
        return {name: job.result for name, job in self.jobs.items()}

    def log(self) -> str:
        titled = ([f"=== {name}: {job.result}", *job.log] for name, job in self.jobs.items())
        return "\n".join(line for lines in titled for line in lines)

    def github(self) -> dict[str, Any]:
        """Return the context `github` without the token, which is a job's."""
        pull, branch = self.event.payload.get("pull_request"), self.ref.removeprefix("refs/heads/")
        return {
            "actor": ACTOR,
            "event": self.event.payload,
            "event_name": self.event.name,
            "ref": self.ref,
            "ref_name": branch,
            "sha": self.sha,
            "repository": "owner/name",
            "run_id": str(self.id),
            "workflow": self.workflow["name"],
            "head_ref": pull["head"]["ref"] if pull else "",
            "base_ref": pull["base"]["ref"] if pull else "",
            "server_url": self.world.github.url,
            "api_url": f"{self.world.github.url}/api/v3",
        }

    def inputs(self) -> dict[str, str]:
        declared = (self.workflow["on"].get("workflow_dispatch") or {}).get("inputs", {})
        if unknown := set(self.event.inputs) - set(declared):
            raise RehearsalError(f"422: unexpected inputs {sorted(unknown)}")
        missing = [n for n, d in declared.items() if d.get("required") and not self.event.inputs.get(n)]
        if missing and self.event.name == "workflow_dispatch":
            raise RehearsalError(f"422: required inputs {missing} are missing")
        return {name: self.event.inputs.get(name, spec.get("default", "")) for name, spec in declared.items()}

    def contexts(self) -> dict[str, Any]:
        given = self.inputs() if self.event.name == "workflow_dispatch" else {}
        return {"github": self.github(), "vars": self.world.variables, "inputs": given}


def rehearse(
    world: World,
    expressions: Expressions,
    workflow: dict[str, Any],
    event: Event,
    before_job: Callable[[str, Run], None] | None = None,
) -> Run:
    """Execute a workflow for an event and return the run; `before_job` may meddle between two jobs."""
    if event.name not in workflow["on"]:
        raise RehearsalError(f"{event.name} does not trigger {workflow['name']}")
    world.runs += 1
    run = Run(world, expressions, workflow, event, id=1000 + world.runs)
    base = run.contexts()
    expressions.text(workflow["concurrency"]["group"], base)
    env = {name: expressions.text(value, base) for name, value in workflow.get("env", {}).items()}
    waiting = dict(workflow["jobs"])
    while waiting:
        ready = [name for name, job in waiting.items() if set(needs_of(job)) <= set(run.jobs)]
        if not ready:
            raise RehearsalError(f"these jobs wait for each other, or for none: {sorted(waiting)}")
        for name in ready:
            job = Job(run, name, waiting.pop(name), env)
            run.jobs[name] = job
            if before_job:
                before_job(name, run)
            job.execute()
    return run


def needs_of(job: dict[str, Any]) -> list[str]:
    needs = job.get("needs", [])
    return [needs] if isinstance(needs, str) else list(needs)


class Job:
    """One job in a workspace of its own."""

    def __init__(self, run: Run, name: str, spec: dict[str, Any], env: dict[str, str]) -> None:
        self.run, self.name, self.spec, self.world = run, name, spec, run.world
        self.directory = run.world.root / f"run-{run.id}" / name
        self.workspace = self.directory / "work"
        self.env = dict(env)
        self.outputs: dict[str, str] = {}
        self.steps: dict[str, Any] = {}
        self.log: list[str] = []
        self.at_end: list[Callable[[], None]] = []
        self.result = "skipped"
        self.ok = True
        self.summary = ""

    def execute(self) -> None:
        """Decide, run the steps, set the outputs."""
        needs = {name: self.run.jobs[name] for name in needs_of(self.spec)}
        self.needs = {name: {"result": job.result, "outputs": job.outputs} for name, job in needs.items()}
        contexts = {**self.run.contexts(), "needs": self.needs}
        found = {job.result for job in needs.values()}
        functions = {"success": found <= {"success"}, "failure": "failure" in found}
        functions |= {"always": True, "cancelled": False}
        if not self.run.expressions.condition(self.spec.get("if"), contexts, functions):
            return
        self.workspace.mkdir(parents=True)
        self.token = self.world.token(self.granted())
        for number, step in enumerate(self.spec["steps"]):
            self.step(step, number, {}, self.env)
        if self.ok:
            for action in self.at_end:
                action()
        self.result = "success" if self.ok else "failure"
        declared, text = self.spec.get("outputs", {}), self.run.expressions.text
        self.outputs = {name: text(value, self.contexts(self.env)) for name, value in declared.items()}

    def granted(self) -> dict[str, str]:
        """Return what the job's token may do: what is not named is nothing, and a fork's never writes."""
        permissions = self.spec.get("permissions", self.run.workflow.get("permissions")) or {}
        if self.run.event.read_only:
            return {
                scope: WRITE_TO_READ[level] for scope, level in permissions.items() if scope != "id-token"
            }
        return dict(permissions)

    def contexts(self, env: dict[str, str]) -> dict[str, Any]:
        contexts = self.run.contexts()
        name = self.run.expressions.text(self.spec.get("environment", ""), contexts)
        contexts["vars"] = self.world.variables_in(name)
        contexts["github"]["token"] = self.token
        secrets = {} if self.run.event.read_only else self.world.secrets
        status = {"status": "success" if self.ok else "failure"}
        more = {"env": env, "steps": self.steps, "needs": self.needs, "secrets": secrets, "job": status}
        return {**contexts, **more, "runner": {"os": "Linux"}}

    def step(self, spec: dict[str, Any], number: int, extra: dict[str, Any], env: dict[str, str]) -> None:
        """Run one step; a failure stops the steps that do not ask for it."""
        contexts = {**self.contexts(env), **extra}
        functions = {"success": self.ok, "failure": not self.ok, "always": True, "cancelled": False}
        text = self.run.expressions.text
        label = spec.get("name") or spec.get("run") or spec["uses"].split("@")[0]
        if not self.run.expressions.condition(spec.get("if"), contexts, functions):
            self.log.append(f"--- {label}: skipped")
            self.steps[spec.get("id", "")] = {"outputs": {}, "outcome": "skipped", "conclusion": "skipped"}
            return
        step_env = {**env, **{name: text(value, contexts) for name, value in spec.get("env", {}).items()}}
        contexts["env"] = step_env
        self.log.append(f"--- {label}")
        outputs: dict[str, str] = {}
        try:
            if "run" in spec:
                outputs = self.shell(text(spec["run"], contexts), step_env, f"{number}-{len(self.log)}")
            else:
                given = {name: text(value, contexts) for name, value in (spec.get("with") or {}).items()}
                outputs = self.use(spec["uses"].split("@")[0], given, step_env)
            outcome = "success"
        except StepFailedError as error:
            self.log.append(f"failed: {error}")
            outcome = "failure"
            self.ok = self.ok and spec.get("continue-on-error") is True
        if "id" in spec:
            self.steps[spec["id"]] = {"outputs": outputs, "outcome": outcome, "conclusion": outcome}

    def use(self, name: str, given: dict[str, str], env: dict[str, str]) -> dict[str, str]:
        """Run a composite action of the workspace for real, anything else by its double."""
        if name.startswith("./"):
            return self.composite(self.workspace / name / "action.yml", given, env)
        if name not in DOUBLES:
            raise RehearsalError(f"no double stands for {name}")
        if unknown := set(given) - DOUBLES[name].inputs:
            raise RehearsalError(f"{name} has no input {sorted(unknown)}")
        return DOUBLES[name].act(self, given)

    def composite(self, path: Path, given: dict[str, str], env: dict[str, str]) -> dict[str, str]:
        action = yaml.safe_load(path.read_text())
        declared = action.get("inputs", {})
        if unknown := set(given) - set(declared):
            raise RehearsalError(f"{path.parent.name} has no input {sorted(unknown)}")
        if missing := [n for n, spec in declared.items() if spec.get("required") and not given.get(n)]:
            raise StepFailedError(f"{path.parent.name} needs the inputs {missing}")
        inputs = {name: given.get(name, spec.get("default", "")) for name, spec in declared.items()}
        before, self.ok = self.ok, True
        for number, step in enumerate(action["runs"]["steps"]):
            self.step(step, number, {"inputs": inputs}, env)
        succeeded, self.ok = self.ok, before
        if not succeeded:
            raise StepFailedError(path.parent.name)
        return {}

    def shell(self, script: str, env: dict[str, str], number: str) -> dict[str, str]:
        """Run bash as the runner does; return what it wrote to GITHUB_OUTPUT."""
        files = self.directory / f"step-{number}"
        files.mkdir()
        names = ("GITHUB_OUTPUT", "GITHUB_ENV", "GITHUB_PATH", "GITHUB_STEP_SUMMARY")
        for name in names:
            (files / name).touch()
        event = files / "event.json"
        event.write_text(json.dumps(self.run.event.payload))
        done = subprocess.run(
            ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", script],
            cwd=self.workspace,
            env={**self.runner_environment(event), **{n: str(files / n) for n in names}, **env},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=STEP_SECONDS,
            check=False,
        )
        self.log.append(done.stdout)
        self.summary += (files / "GITHUB_STEP_SUMMARY").read_text()
        if done.returncode:
            raise StepFailedError(f"exit code {done.returncode}")
        return dict(line.split("=", 1) for line in (files / "GITHUB_OUTPUT").read_text().splitlines())

    def runner_environment(self, event: Path) -> dict[str, str]:
        """Return the runner's variables and little else: no token is in the environment by itself."""
        github = self.run.github()
        home = self.directory / "home"
        home.mkdir(exist_ok=True)
        certificate = str(self.world.github.certificate)
        return {
            "CI": "true",
            "HOME": str(home),
            "PATH": os.environ["PATH"],
            "LANG": "C.UTF-8",
            "GITHUB_ACTIONS": "true",
            "GITHUB_ACTOR": ACTOR,
            "GITHUB_API_URL": github["api_url"],
            "GITHUB_EVENT_NAME": github["event_name"],
            "GITHUB_EVENT_PATH": str(event),
            "GITHUB_REF": github["ref"],
            "GITHUB_REPOSITORY": github["repository"],
            "GITHUB_RUN_ID": github["run_id"],
            "GITHUB_SERVER_URL": github["server_url"],
            "GITHUB_SHA": github["sha"],
            "GITHUB_WORKSPACE": str(self.workspace),
            "SSL_CERT_FILE": certificate,
            "CURL_CA_BUNDLE": certificate,
            "NODE_EXTRA_CA_CERTS": certificate,
            **self.world.github.extra_environment,
        }
