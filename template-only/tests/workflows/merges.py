"""Merges to main of a small project, and the runs of deploy.yml and rollback.yml that follow."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

from workflows.rehearsal import engine, events
from workflows.rehearsal.engine import Event

if TYPE_CHECKING:
    from workflows.rehearsal.world import World
    from workflows.toy import Clone

WORKFLOWS = Path(__file__).parents[3] / ".github/workflows"
NOTHING = "0" * 40  # what `before` is for the first push of a branch
ALL_WELL = dict.fromkeys(("reproduce", "image", "staging", "production"), "success")


class Main:
    """Pushes to main and rehearses what that starts."""

    def __init__(self, world: World, desk: Clone, expressions) -> None:
        self.world, self.desk, self.expressions = world, desk, expressions
        self.head = NOTHING

    def deploy(self, before_job=None, without=()) -> engine.Run:
        """Rehearse deploy.yml for the head of main; jobs named in `without` are cut out of it."""
        before, self.head = self.head, self.desk.git("rev-parse", "HEAD")
        workflow = engine.load(WORKFLOWS / "deploy.yml")
        workflow["jobs"] = {name: job for name, job in workflow["jobs"].items() if name not in without}
        event = Event("push", events.push(before), "refs/heads/main", self.head)
        return self.rehearse(workflow, event, before_job)

    def roll_back(self, to: str = "", environment: str = "production") -> engine.Run:
        """Rehearse rollback.yml, started by hand on main."""
        inputs = {"environment": environment, "to": to}
        head = self.desk.git("rev-parse", "HEAD")
        event = Event("workflow_dispatch", events.dispatch(inputs), "refs/heads/main", head, inputs=inputs)
        return self.rehearse(engine.load(WORKFLOWS / "rollback.yml"), event)

    def rehearse(self, workflow, event: Event, before_job=None) -> engine.Run:
        run = engine.rehearse(self.world, self.expressions, workflow, event, before_job)
        print(run.log())
        return run

    def choose(self, model: str, **how) -> engine.Run:
        """Merge a commit that chooses a model, with its lock, and deploy it."""
        self.merge(model)
        return self.deploy(**how)

    def merge(self, model: str) -> None:
        """Merge a commit that chooses a model, with its lock."""
        (self.desk.path / "seed.txt").write_text(f"{model}\n")
        self.desk.run("dvc", "repro")
        self.send(f"Choose {model}")

    def push(self, message: str, **how) -> engine.Run:
        self.send(message)
        return self.deploy(**how)

    def send(self, message: str) -> None:
        self.desk.commit(message)
        self.desk.run("git", "push", "--quiet", "origin", "main", LOCK_TOKEN="setup")

    def signatures(self) -> int:
        path = self.world.root / "attestations"
        return len(path.read_text().splitlines()) if path.exists() else 0


def record(run: engine.Run, environment: str) -> list[dict]:
    """Return the deployment record that the run kept."""
    kept = run.world.artifacts[run.id][f"record-{environment}"]["record.jsonl"]
    return [json.loads(line) for line in kept.decode().splitlines()]


def log_of(run: engine.Run, job: str) -> str:
    return "\n".join(run.jobs[job].log)
