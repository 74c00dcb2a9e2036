"""Calls of reusable workflows of this repository: refusals, inputs, result and outputs."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from workflows.rehearsal.expressions import RehearsalError
from workflows.rehearsal.run import Run, load

if TYPE_CHECKING:
    from workflows.rehearsal.job import Task

LOCAL = re.compile(r"\./\.github/workflows/([\w.-]+\.ya?ml)")
KEYS = {"name", "uses", "with", "needs", "if", "permissions"}
LEVELS = {"none": 0, "read": 1, "write": 2}
EMPTY = {"string": "", "boolean": False, "number": 0}  # an input without value and default
TYPES = {"boolean": (bool,), "number": (int, float)}


def called(workflow: dict[str, Any], job: dict[str, Any]) -> dict[str, Any]:
    """Return the workflow that a job calls: a file next to the caller's."""
    name = LOCAL.fullmatch(job["uses"])
    if not name:
        raise RehearsalError(f"{job['uses']} is not a workflow of this repository")
    path = workflow["path"].parent / name[1]
    if not path.is_file():
        raise RehearsalError(f"{job['uses']} does not exist")
    target = load(path)
    if "workflow_call" not in target["on"]:
        raise RehearsalError(f"{job['uses']} has no trigger workflow_call")
    return target


def declared(workflow: dict[str, Any], kind: str) -> dict[str, Any]:
    """Return the `inputs` or `outputs` of a called workflow."""
    on = workflow["on"]
    call = on["workflow_call"] if isinstance(on, dict) else None
    return (call or {}).get(kind) or {}


def check(workflow: dict[str, Any]) -> None:
    """Refuse the calls that GitHub refuses before the first job starts."""
    for name, job in workflow["jobs"].items():
        if "uses" not in job:
            continue
        if unknown := sorted(set(job) - KEYS):
            raise RehearsalError(
                f"{name}: a job that calls a workflow takes no {unknown}, or it is not emulated"
            )
        target = called(workflow, job)
        check_inputs(name, declared(target, "inputs"), job.get("with") or {})
        check_permissions(name, target, job.get("permissions", workflow.get("permissions")) or {})


def check_inputs(name: str, specs: dict[str, Any], arguments: dict[str, Any]) -> None:
    if unknown := sorted(set(arguments) - set(specs)):
        raise RehearsalError(f"{name}: the called workflow has no input {unknown}")
    if missing := [n for n, spec in specs.items() if spec.get("required") and n not in arguments]:
        raise RehearsalError(f"{name}: required inputs {missing} are missing")


def check_permissions(name: str, target: dict[str, Any], granted: dict[str, str]) -> None:
    """A called job that asks for more than its caller grants stops the whole run before it starts."""
    for inner, job in target["jobs"].items():
        if "uses" in job:
            raise RehearsalError(f"{name} / {inner}: a called workflow that calls another is not emulated")
        asked = job.get("permissions", target.get("permissions", granted)) or {}
        for scope, level in asked.items():
            if LEVELS[level] > LEVELS[granted.get(scope, "none")]:
                raise RehearsalError(f"{name} / {inner} asks for {scope}: {level}, the caller grants less")


def enter(call: Task) -> Run:
    """Return the run of the called workflow: the caller's event and id, its own inputs and `env`."""
    run, target = call.run, called(call.run.workflow, call.spec)
    inner = Run(
        run.world,
        run.expressions,
        target,
        run.event,
        run.id,
        caller=run,
        title=f"{call.name} / ",
        arguments=arguments(call, declared(target, "inputs")),
        allowed=call.permissions(),
    )
    if inner.group() == run.group():
        raise RehearsalError(
            f"{call.name} waits for the concurrency group {run.group()} of its caller: deadlock"
        )
    return inner


def arguments(call: Task, specs: dict[str, Any]) -> dict[str, Any]:
    values, contexts = call.spec.get("with") or {}, call.decided_by()
    return {
        name: typed(name, spec["type"], call.run.expressions.value(values[name], contexts))
        if name in values
        else spec.get("default", EMPTY[spec["type"]])
        for name, spec in specs.items()
    }


def typed(name: str, kind: str, value: Any) -> Any:
    """Return the value of an input. Only a string takes a value of any type."""
    if kind == "string":
        return "" if value is None else str(value).lower() if isinstance(value, bool) else str(value)
    if type(value) not in TYPES[kind]:
        raise RehearsalError(f"input {name}: {value!r} is not a {kind}")
    return value


def result(inner: Run) -> str:
    """Return the result of the calling job: the worst of its jobs."""
    results = set(inner.results().values())
    return next(one for one in ("failure", "success", "skipped") if one in results)


def outputs(inner: Run) -> dict[str, str]:
    jobs = {name: {"result": job.result, "outputs": job.outputs} for name, job in inner.jobs.items()}
    contexts = {**inner.contexts(), "jobs": jobs}
    specs = declared(inner.workflow, "outputs")
    return {name: inner.expressions.text(spec["value"], contexts) for name, spec in specs.items()}
