"""Runs one workflow for one event: jobs by `needs`, and the workflows that they call."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from workflows.rehearsal import calls
from workflows.rehearsal.expressions import RehearsalError
from workflows.rehearsal.job import Job, Task, needs_of
from workflows.rehearsal.run import Event, Run, load

if TYPE_CHECKING:
    from collections.abc import Callable

    from workflows.rehearsal.expressions import Expressions
    from workflows.rehearsal.world import World

    BeforeJob = Callable[[str, Run], None]

__all__ = ["Event", "Run", "load", "rehearse"]


def rehearse(
    world: World,
    expressions: Expressions,
    workflow: dict[str, Any],
    event: Event,
    before_job: BeforeJob | None = None,
) -> Run:
    """Execute a workflow for an event and return the run; `before_job` may meddle between two jobs."""
    if event.name not in workflow["on"]:
        raise RehearsalError(f"{event.name} does not trigger {workflow['name']}")
    world.runs += 1
    run = Run(world, expressions, workflow, event, id=1000 + world.runs)
    run.group()
    calls.check(workflow)
    run_jobs(run, before_job)
    return run


def run_jobs(run: Run, before_job: BeforeJob | None) -> None:
    """Execute the jobs of one workflow file in the order of their needs."""
    env, waiting = run.env(), dict(run.workflow["jobs"])
    while waiting:
        ready = [name for name, job in waiting.items() if set(needs_of(job)) <= set(run.jobs)]
        if not ready:
            raise RehearsalError(f"these jobs wait for each other, or for none: {sorted(waiting)}")
        for name in ready:
            spec = waiting.pop(name)
            job = Call(run, name, spec, before_job) if "uses" in spec else Job(run, name, spec, env)
            run.jobs[name] = job
            if before_job:
                before_job(job.name, run)
            job.execute()


class Call(Task):
    """A job that calls a workflow: the called jobs run in its stead."""

    def __init__(self, run: Run, name: str, spec: dict[str, Any], before_job: BeforeJob | None) -> None:
        super().__init__(run, name, spec)
        self.before_job = before_job

    def act(self) -> None:
        """Run the called jobs, take over their result, outputs and log."""
        inner = calls.enter(self)
        run_jobs(inner, self.before_job)
        self.result, self.outputs, self.log = calls.result(inner), calls.outputs(inner), [inner.log()]
