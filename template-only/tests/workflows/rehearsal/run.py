"""One run of a workflow: its event, its contexts and the results of its jobs."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import yaml
from workflows.rehearsal.expressions import RehearsalError

if TYPE_CHECKING:
    from pathlib import Path

    from workflows.rehearsal.expressions import Expressions
    from workflows.rehearsal.job import Task
    from workflows.rehearsal.world import World

ACTOR = "ada"


def load(path: Path) -> dict[str, Any]:
    """Return a workflow and its path; YAML 1.1 reads the key `on` as true."""
    workflow = yaml.safe_load(path.read_text())
    workflow["on"] = workflow.pop(True, workflow.get("on"))
    return {**workflow, "path": path}


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
    """One run of a workflow file. A called workflow is a Run with the event and the id of its caller."""

    world: World
    expressions: Expressions
    workflow: dict[str, Any]
    event: Event
    id: int
    jobs: dict[str, Task] = field(default_factory=dict)
    caller: Run | None = None
    title: str = ""
    """Precedes the names of its jobs: `staging / ` for a workflow that the job `staging` calls."""
    arguments: dict[str, Any] = field(default_factory=dict)
    """Inputs that the calling job passes."""
    allowed: dict[str, str] | None = None
    """Permissions that the calling job grants."""

    @property
    def ref(self) -> str:
        return self.event.ref

    @property
    def sha(self) -> str:
        return self.event.sha

    def results(self) -> dict[str, str]:
        return {name: job.result for name, job in self.jobs.items()}

    def log(self) -> str:
        titled = ([f"=== {job.name}: {job.result}", *job.log] for job in self.jobs.values())
        return "\n".join(line for lines in titled for line in lines)

    def github(self) -> dict[str, Any]:
        """Return the context `github`, of the caller in a called workflow; the token is a job's."""
        if self.caller:
            return self.caller.github()
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

    def inputs(self) -> dict[str, Any]:
        """Return the context `inputs`: of the call, or of the person who started the run."""
        if self.caller or self.event.name != "workflow_dispatch":
            return self.arguments
        declared = (self.workflow["on"].get("workflow_dispatch") or {}).get("inputs", {})
        if unknown := set(self.event.inputs) - set(declared):
            raise RehearsalError(f"422: unexpected inputs {sorted(unknown)}")
        missing = [n for n, d in declared.items() if d.get("required") and not self.event.inputs.get(n)]
        if missing:
            raise RehearsalError(f"422: required inputs {missing} are missing")
        return {name: self.event.inputs.get(name, spec.get("default", "")) for name, spec in declared.items()}

    def contexts(self) -> dict[str, Any]:
        return {"github": self.github(), "vars": self.world.variables, "inputs": self.inputs()}

    def env(self) -> dict[str, str]:
        """Return the `env` of the workflow file. That of a caller is not part of it."""
        contexts = self.contexts()
        env = self.workflow.get("env", {})
        return {name: self.expressions.text(value, contexts) for name, value in env.items()}

    def group(self) -> str:
        """Return the concurrency group, or nothing for a called workflow without one."""
        concurrency = self.workflow.get("concurrency") if self.caller else self.workflow["concurrency"]
        return self.expressions.text(concurrency["group"], self.contexts()) if concurrency else ""
