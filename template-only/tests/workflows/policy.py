"""Rules that every workflow here keeps, each a function: a workflow in, its violations out."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parents[3]
PINS = {
    tuple(line.split()[:2]): line.split()[2]
    for line in (Path(__file__).parent / "pins.txt").read_text().splitlines()
    if line and not line.startswith("#")
}
USES = re.compile(r"^\s*(?:- )?uses: (\S+)(?: # (\S+))?\s*$", re.MULTILINE)
CALL = re.compile(r"\./\.github/workflows/([\w.-]+)")
GRANT = re.compile(r"^ {6}([a-z-]+): (read|write)(.*)$", re.MULTILINE)
READ = re.compile(r"\benv\.(\w+)")
TARGET = re.compile(r"^([a-z][a-z0-9-]*):", re.MULTILINE)
# What names the code of a pull request. The base branch and the default branch are trusted.
HEAD = re.compile(r"head|github\.sha|github\.ref\b|merge|inputs\.", re.IGNORECASE)
TRUSTED = re.compile(r"\$\{\{ github\.(base_ref \|\| inputs\.base|event\.repository\.default_branch) \}\}")
# An OIDC token writes nothing on GitHub; what it opens is in the trust policy of the cloud's role.
NO_SCOPE = {"id-token"}


@dataclass(frozen=True)
class Workflow:
    """A workflow as text and as values, with the folder of the workflows that it may call."""

    name: str
    text: str
    folder: Path = ROOT / ".github/workflows"

    @property
    def values(self) -> dict[Any, Any]:
        return yaml.safe_load(self.text)

    @property
    def jobs(self) -> dict[str, Any]:
        return self.values["jobs"]

    @property
    def triggers(self) -> dict[str, Any]:
        on = self.values.get(True, self.values.get("on"))  # YAML 1.1 reads `on` as true
        return on if isinstance(on, dict) else dict.fromkeys([on] if isinstance(on, str) else on)

    def steps(self) -> list[tuple[str, dict[str, Any]]]:
        return [(name, step) for name, job in self.jobs.items() for step in job.get("steps", [])]

    def calls(self) -> list[tuple[str, dict[str, Any], Workflow | None]]:
        """Return each job that calls a workflow, with that workflow, or None where it is not one of ours."""
        calling = [(name, job) for name, job in self.jobs.items() if "uses" in job]
        return [(name, job, self.called(job["uses"])) for name, job in calling]

    def called(self, uses: str) -> Workflow | None:
        match = CALL.fullmatch(uses)
        if not match or not (self.folder / match[1]).is_file():
            return None
        workflow = Workflow(match[1], (self.folder / match[1]).read_text(), self.folder)
        return workflow if "workflow_call" in workflow.triggers else None

    def working_jobs(self) -> list[tuple[str, dict[str, Any], Workflow]]:
        """Return each job with steps and the file it is in: the jobs of called workflows too."""
        own = [(name, job, self) for name, job in self.jobs.items() if "uses" not in job]
        inner = [(name, called) for name, _, called in self.calls() if called]
        return own + [(f"{name} / {n}", job, file) for name, c in inner for n, job, file in c.working_jobs()]


def permissions_start_at_none(workflow: Workflow) -> list[str]:
    return [] if workflow.values.get("permissions") == {} else ["the top has no `permissions: {}`"]


def each_job_names_its_permissions(workflow: Workflow) -> list[str]:
    """`permissions: {}` on a job is fine: it says that it needs none."""
    return [
        f"{name}: no permissions of its own, or all of them"
        for name, job in workflow.jobs.items()
        if not isinstance(job.get("permissions"), dict)
    ]


def each_permission_has_a_reason(workflow: Workflow) -> list[str]:
    text = workflow.text[workflow.text.index("\njobs:") :]
    return [
        f"{scope}: {level} without a reason" for scope, level, rest in GRANT.findall(text) if "#" not in rest
    ]


def unknown_pins(text: str, uses: int) -> list[str]:
    """Return the actions in a text that are not in pins.txt; `uses` is how many the YAML has."""
    found = []
    for action, version in USES.findall(text):
        name, _, commit = action.partition("@")
        owner_and_name = "/".join(name.split("/")[:2])
        if not name.startswith("./") and PINS.get((owner_and_name, commit)) != version:
            found.append(f"{action} # {version}")
    return found if len(USES.findall(text)) == uses else [*found, "a `uses:` is written in another form"]


def actions_are_pinned_to_known_commits(workflow: Workflow) -> list[str]:
    reusable = sum("uses" in job for job in workflow.jobs.values())
    return unknown_pins(workflow.text, reusable + sum("uses" in step for _, step in workflow.steps()))


def each_job_ends(workflow: Workflow) -> list[str]:
    return [name for name, job in workflow.jobs.items() if "timeout-minutes" not in job and "uses" not in job]


def runs_do_not_pile_up(workflow: Workflow) -> list[str]:
    """The group of the caller covers a called workflow; waiting for it again would be a deadlock."""
    concurrency = workflow.values.get("concurrency")
    if set(workflow.triggers) == {"workflow_call"}:
        return ["a called workflow has a concurrency of its own"] if concurrency else []
    whole = isinstance(concurrency, dict) and {"group", "cancel-in-progress"} <= set(concurrency)
    return [] if whole else ["no concurrency with group and cancel-in-progress"]


def each_call_is_of_a_workflow_here(workflow: Workflow) -> list[str]:
    """The rules see only the workflows of this repository."""
    return [f"{name}: {job['uses']}" for name, job, called in workflow.calls() if called is None]


def each_call_grants_what_is_used(workflow: Workflow) -> list[str]:
    """Less stops the run before it starts; more is a permission without a use."""
    return [
        f"{name}: grants {job.get('permissions')}, the called jobs ask for {highest(called)}"
        for name, job, called in workflow.calls()
        if called and job.get("permissions") != highest(called)
    ]


def highest(workflow: Workflow) -> dict[str, str]:
    """Return the highest level that any job asks for, by scope."""
    asked = [job.get("permissions") or {} for job in workflow.jobs.values()]
    levels = sorted((level, scope) for permissions in asked for scope, level in permissions.items())
    return {scope: level for level, scope in levels}  # `read` sorts before `write`


def each_env_that_is_read_is_set(workflow: Workflow) -> list[str]:
    """A called workflow does not see the `env` of its caller: what it reads there is empty."""
    blocks = [workflow.values.get("env"), *(job.get("env") for job in workflow.jobs.values())]
    blocks += [step.get("env") for _, step in workflow.steps()]
    known = {name for block in blocks for name in block or {}}
    return [f"env.{name} is not set here" for name in READ.findall(workflow.text) if name not in known]


def no_credential_is_left_in_the_checkout(workflow: Workflow) -> list[str]:
    return [
        f"{job}: checkout persists its token"
        for job, step in workflow.steps()
        if step.get("uses", "").startswith("actions/checkout@")
        and (step.get("with") or {}).get("persist-credentials") is not False
    ]


def each_run_is_one_make_target(workflow: Workflow) -> list[str]:
    """Whatever CI does, a person does with the same command."""
    runs = [(job, step["run"]) for job, step in workflow.steps() if "run" in step]
    return [
        f"{job}: {run!r}"
        for job, run in runs
        if not re.fullmatch(r"make (-f template-only/Makefile )?[a-z][a-z0-9 -]*", run)
    ]


def each_make_target_exists(workflow: Workflow) -> list[str]:
    makefiles = [ROOT / "Makefile", ROOT / "template-only/Makefile"]
    known = {t for path in makefiles if path.is_file() for t in TARGET.findall(path.read_text())}
    asked = re.findall(r"^\s*(?:- )?run: make ([a-zA-Z0-9/ -]+)$", workflow.text, re.MULTILINE)
    targets = [target for line in asked for target in re.sub(r"-f \S+", "", line).split()]
    return [f"make {target} does not exist" for target in targets if target not in known]


def no_expression_is_inside_a_run(workflow: Workflow) -> list[str]:
    return [f"{job}: {step['run']!r}" for job, step in workflow.steps() if "${{" in step.get("run", "")]


def no_privileged_trigger_from_forks(workflow: Workflow) -> list[str]:
    return [trigger for trigger in workflow.triggers if trigger in ("pull_request_target", "issue_comment")]


def writes(job: dict[str, Any]) -> set[str]:
    granted = job.get("permissions")
    if not isinstance(granted, dict):
        return {"everything"}
    return {scope for scope, level in granted.items() if level == "write"} - NO_SCOPE


def sees_pull_requests(workflow: Workflow) -> bool:
    return bool({"pull_request", "workflow_run"} & set(workflow.triggers))


def takes_code_of_the_head(workflow: Workflow, job: dict[str, Any]) -> bool:
    """Whether a job of a pull request checks out anything but a branch that is trusted."""
    env = workflow.values.get("env") or {}
    for step in job.get("steps", []):
        if not step.get("uses", "").startswith("actions/checkout@"):
            continue
        ref = str((step.get("with") or {}).get("ref", "github.sha"))
        if name := re.fullmatch(r"\$\{\{ env\.(\w+) \}\}", ref):
            ref = str(env.get(name[1], "github.sha"))
        if not TRUSTED.fullmatch(ref) and HEAD.search(ref):
            return True
    return False


def who_can_write_runs_no_code_of_the_pull_request(workflow: Workflow) -> list[str]:
    if not sees_pull_requests(workflow):
        return []
    return [
        f"{name}: checks out the head and may write {sorted(writes(job))}"
        for name, job, file in workflow.working_jobs()
        if writes(job) and takes_code_of_the_head(file, job)
    ]


def inputs_of(step: dict[str, Any]) -> dict[str, Any]:
    return step.get("with") or {}


def who_can_write_restores_no_cache(workflow: Workflow) -> list[str]:
    """A job that runs a pull request's code may have filled it."""
    if not sees_pull_requests(workflow):
        return []
    return [
        f"{name}: {step['uses']}"
        for name, job, _ in workflow.working_jobs()
        if writes(job)
        for step in job.get("steps", [])
        if step.get("uses", "").startswith("actions/cache")
        or any("cache" in key and value not in (False, "false") for key, value in inputs_of(step).items())
    ]


def secrets_reach_only_steps(workflow: Workflow) -> list[str]:
    """An `env:` of the workflow or of a job would show a secret to every step and every action in it."""
    outer = [("the workflow", workflow.values.get("env"))]
    outer += [(name, job.get("env")) for name, job in workflow.jobs.items()]
    inherited = [name for name, job in workflow.jobs.items() if job.get("secrets") == "inherit"]
    return [f"{where}: a secret in env" for where, env in outer if "secrets." in str(env)] + inherited


POLICIES = [
    permissions_start_at_none,
    each_job_names_its_permissions,
    each_permission_has_a_reason,
    actions_are_pinned_to_known_commits,
    each_job_ends,
    runs_do_not_pile_up,
    each_call_is_of_a_workflow_here,
    each_call_grants_what_is_used,
    each_env_that_is_read_is_set,
    no_credential_is_left_in_the_checkout,
    each_run_is_one_make_target,
    each_make_target_exists,
    no_expression_is_inside_a_run,
    no_privileged_trigger_from_forks,
    who_can_write_runs_no_code_of_the_pull_request,
    who_can_write_restores_no_cache,
    secrets_reach_only_steps,
]
