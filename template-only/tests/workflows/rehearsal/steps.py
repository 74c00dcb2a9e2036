"""One step: `run:` in bash, an action of this repository for real, any other action by its double."""

from __future__ import annotations

import json
import os
import subprocess
from typing import TYPE_CHECKING, Any

import yaml
from workflows.rehearsal.doubles import DOUBLES, StepFailedError
from workflows.rehearsal.expressions import RehearsalError
from workflows.rehearsal.run import ACTOR

if TYPE_CHECKING:
    from pathlib import Path

    from workflows.rehearsal.job import Job


def run_step(job: Job, spec: dict[str, Any], number: int, extra: dict[str, Any], env: dict[str, str]) -> None:
    """Run one step; a failure stops the steps that do not ask for it."""
    contexts = {**job.contexts(env), **extra}
    functions = {"success": job.ok, "failure": not job.ok, "always": True, "cancelled": False}
    text = job.run.expressions.text
    label = spec.get("name") or spec.get("run") or spec["uses"].split("@")[0]
    if not job.run.expressions.condition(spec.get("if"), contexts, functions):
        job.log.append(f"--- {label}: skipped")
        job.steps[spec.get("id", "")] = {"outputs": {}, "outcome": "skipped", "conclusion": "skipped"}
        return
    step_env = {**env, **{name: text(value, contexts) for name, value in spec.get("env", {}).items()}}
    contexts["env"] = step_env
    job.log.append(f"--- {label}")
    outputs: dict[str, str] = {}
    try:
        if "run" in spec:
            outputs = shell(job, text(spec["run"], contexts), step_env, f"{number}-{len(job.log)}")
        else:
            given = {name: text(value, contexts) for name, value in (spec.get("with") or {}).items()}
            outputs = use(job, spec["uses"].split("@")[0], given, step_env)
        outcome = "success"
    except StepFailedError as error:
        job.log.append(f"failed: {error}")
        outcome = "failure"
        job.ok = job.ok and spec.get("continue-on-error") is True
    if "id" in spec:
        job.steps[spec["id"]] = {"outputs": outputs, "outcome": outcome, "conclusion": outcome}


def use(job: Job, name: str, given: dict[str, str], env: dict[str, str]) -> dict[str, str]:
    """Run a composite action of the workspace for real, anything else by its double."""
    if name.startswith("./"):
        return composite(job, job.workspace / name / "action.yml", given, env)
    if name not in DOUBLES:
        raise RehearsalError(f"no double stands for {name}")
    if unknown := set(given) - DOUBLES[name].inputs:
        raise RehearsalError(f"{name} has no input {sorted(unknown)}")
    return DOUBLES[name].act(job, given)


def composite(job: Job, path: Path, given: dict[str, str], env: dict[str, str]) -> dict[str, str]:
    action = yaml.safe_load(path.read_text())
    declared = action.get("inputs", {})
    if unknown := set(given) - set(declared):
        raise RehearsalError(f"{path.parent.name} has no input {sorted(unknown)}")
    if missing := [n for n, spec in declared.items() if spec.get("required") and not given.get(n)]:
        raise StepFailedError(f"{path.parent.name} needs the inputs {missing}")
    inputs = {name: given.get(name, spec.get("default", "")) for name, spec in declared.items()}
    before, job.ok = job.ok, True
    for number, step in enumerate(action["runs"]["steps"]):
        run_step(job, step, number, {"inputs": inputs}, env)
    succeeded, job.ok = job.ok, before
    if not succeeded:
        raise StepFailedError(path.parent.name)
    return {}


def shell(job: Job, script: str, env: dict[str, str], number: str) -> dict[str, str]:
    """Run bash as the runner does; return what it wrote to GITHUB_OUTPUT."""
    files = job.directory / f"step-{number}"
    files.mkdir()
    names = ("GITHUB_OUTPUT", "GITHUB_ENV", "GITHUB_PATH", "GITHUB_STEP_SUMMARY")
    for name in names:
        (files / name).touch()
    event = files / "event.json"
    event.write_text(json.dumps(job.run.event.payload))
    done = subprocess.run(
        ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", script],
        cwd=job.workspace,
        env={**runner_environment(job, event), **{n: str(files / n) for n in names}, **env},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=job.world.step_seconds,
        check=False,
    )
    job.log.append(done.stdout)
    job.summary += (files / "GITHUB_STEP_SUMMARY").read_text()
    if done.returncode:
        raise StepFailedError(f"exit code {done.returncode}")
    return dict(line.split("=", 1) for line in (files / "GITHUB_OUTPUT").read_text().splitlines())


def runner_environment(job: Job, event: Path) -> dict[str, str]:
    """Return the runner's variables and little else: no token is in the environment by itjob."""
    github = job.run.github()
    home = job.directory / "home"
    home.mkdir(exist_ok=True)
    certificate = str(job.world.github.certificate)
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
        "GITHUB_WORKSPACE": str(job.workspace),
        "SSL_CERT_FILE": certificate,
        "CURL_CA_BUNDLE": certificate,
        "NODE_EXTRA_CA_CERTS": certificate,
        **job.world.github.extra_environment,
    }
