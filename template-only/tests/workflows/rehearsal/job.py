"""One job: whether it starts, what its token may do, what its steps see, and its result."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from workflows.rehearsal.steps import run_step

if TYPE_CHECKING:
    from collections.abc import Callable

    from workflows.rehearsal.run import Run

WRITE_TO_READ = {"write": "read", "read": "read"}


def needs_of(job: dict[str, Any]) -> list[str]:
    needs = job.get("needs", [])
    return [needs] if isinstance(needs, str) else list(needs)


class Task:
    """A job of either kind: one with steps, or one that calls a workflow."""

    def __init__(self, run: Run, name: str, spec: dict[str, Any]) -> None:
        self.run, self.name, self.spec, self.world = run, f"{run.title}{name}", spec, run.world
        self.outputs: dict[str, str] = {}
        self.log: list[str] = []
        self.result = "skipped"
        self.summary = ""

    def execute(self) -> None:
        """Run it unless its `if:` or the results of its `needs` skip it."""
        needs = {name: self.run.jobs[name] for name in needs_of(self.spec)}
        self.needs = {name: {"result": job.result, "outputs": job.outputs} for name, job in needs.items()}
        results = {job.result for job in needs.values()}
        functions = {"success": results <= {"success"}, "failure": "failure" in results}
        functions |= {"always": True, "cancelled": False}
        if self.run.expressions.condition(self.spec.get("if"), self.decided_by(), functions):
            self.act()

    def decided_by(self) -> dict[str, Any]:
        """Return the contexts of `if:` and `with:` of a job, where there is no `env`."""
        return {**self.run.contexts(), "needs": self.needs}

    def permissions(self) -> dict[str, str]:
        """Return what it asks for: its own permissions, else those of its workflow, else of its caller."""
        return self.spec.get("permissions", self.run.workflow.get("permissions", self.run.allowed)) or {}

    def act(self) -> None:
        raise NotImplementedError


class Job(Task):
    """A job with steps, in a workspace of its own."""

    def __init__(self, run: Run, name: str, spec: dict[str, Any], env: dict[str, str]) -> None:
        super().__init__(run, name, spec)
        self.directory = run.world.root / f"run-{run.id}" / self.name.replace(" / ", "-")
        self.workspace = self.directory / "work"
        self.env = dict(env)
        self.steps: dict[str, Any] = {}
        self.at_end: list[Callable[[], None]] = []
        self.ok = True

    def act(self) -> None:
        """Run the steps, set the outputs."""
        self.workspace.mkdir(parents=True)
        self.token = self.world.token(self.granted())
        for number, step in enumerate(self.spec["steps"]):
            run_step(self, step, number, {}, self.env)
        if self.ok:
            for action in self.at_end:
                action()
        self.result = "success" if self.ok else "failure"
        declared, text = self.spec.get("outputs", {}), self.run.expressions.text
        self.outputs = {name: text(value, self.contexts(self.env)) for name, value in declared.items()}

    def granted(self) -> dict[str, str]:
        """Return what the job's token may do: what is not named is nothing, and a fork's never writes."""
        permissions = self.permissions()
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
        # No caller passes secrets: `calls.check` refuses that.
        secrets = {} if self.run.event.read_only or self.run.caller else self.world.secrets
        status = {"status": "success" if self.ok else "failure"}
        more = {"env": env, "steps": self.steps, "needs": self.needs, "secrets": secrets, "job": status}
        return {**contexts, **more, "runner": {"os": "Linux"}}
