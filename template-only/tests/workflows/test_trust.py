"""A job that takes a deployment role runs in an environment that the role's trust policy names."""

from __future__ import annotations

import re

import pytest
from workflows.policy import ROOT, Workflow

DEPLOY_ROLE = "${{ vars.DEPLOY_ROLE }}"
CHOSEN = "${{ inputs.environment }}"
CALLED = "uses: ./.github/workflows/deploy-environment.yml"
WORKFLOWS = ROOT / ".github/workflows"
ROLES = (ROOT / "infra/bootstrap/roles.tf").read_text()
VARIABLES = (ROOT / "infra/bootstrap/variables.tf").read_text()


def trusted():
    """Return the environments whose subject a deployment role trusts by default."""
    assert 'purpose => ["${local.repository}:environment:${name}"]' in ROLES
    pattern = r'variable "environments" \{.*?default\s*=\s*\[(.*?)\]'
    block = re.search(pattern, VARIABLES, re.DOTALL)
    return set(re.findall(r'"([a-z0-9]+)"', block[1]))


def strangers(workflow, environments):
    """Return the jobs that take a deployment role without a subject that the role trusts."""
    return [name for name, job, possible in takers(workflow) if not possible <= environments]


def takers(workflow):
    """Return each job that takes a deployment role, with the environments that it may run in.

    The caller of a workflow chooses the environment. A choice of the person who starts it counts whole.
    """
    dispatch = (workflow.triggers.get("workflow_dispatch") or {}).get("inputs", {})
    chosen = set(dispatch.get("environment", {}).get("options", [None]))
    jobs = [(name, job, chosen) for name, job in workflow.jobs.items()]
    for name, call, called in workflow.calls():
        jobs += [(f"{name} / {n}", job, {call["with"].get("environment")}) for n, job in called.jobs.items()]
    return [
        (name, job, possible if job.get("environment") == CHOSEN else {job.get("environment")})
        for name, job, possible in jobs
        if roles_of(job)
    ]


def roles_of(job):
    """Return the inputs of the steps that take a deployment role."""
    inputs = [step.get("with", {}) for step in job.get("steps", [])]
    return [given for given in inputs if given.get("role-to-assume") == DEPLOY_ROLE]


@pytest.mark.parametrize(
    ("name", "expected"),
    [("deploy.yml", ["staging / deploy", "production / deploy"]), ("rollback.yml", ["rollback"])],
)
def test_deployment_roles_are_taken_in_environments_that_they_trust(name, expected):
    workflow = Workflow(name, (WORKFLOWS / name).read_text())
    assert [job for job, _, _ in takers(workflow)] == expected
    assert strangers(workflow, trusted()) == []


def test_no_other_workflow_takes_a_deployment_role():
    """Only these are judged here; deploy-environment.yml is judged by its caller's environments."""
    taking = {path.name for path in WORKFLOWS.glob("*.yml") if DEPLOY_ROLE in path.read_text()}
    assert taking == {"deploy-environment.yml", "rollback.yml"}
    calling = {path.name for path in WORKFLOWS.glob("*.yml") if CALLED in path.read_text()}
    assert calling == {"deploy.yml"}


@pytest.mark.parametrize(
    ("name", "old", "new"),
    [
        ("deploy.yml", "      environment: production\n", ""),
        ("deploy.yml", "      environment: staging\n", "      environment: stage\n"),
        ("rollback.yml", "options: [staging, production]", "options: [staging, production, sandbox]"),
    ],
)
def test_a_job_outside_them_is_found(name, old, new):
    text = (WORKFLOWS / name).read_text()
    assert text.count(old) == 1
    assert strangers(Workflow(name, text.replace(old, new)), trusted()) != []


def test_called_job_without_environment_is_found(tmp_path):
    """The called job itself has to run in the environment: `environment` is no key of a calling job."""
    text, line = (WORKFLOWS / "deploy-environment.yml").read_text(), f"    environment: {CHOSEN}\n"
    assert text.count(line) == 1
    (tmp_path / "deploy-environment.yml").write_text(text.replace(line, ""))
    caller = Workflow("deploy.yml", (WORKFLOWS / "deploy.yml").read_text(), tmp_path)
    assert strangers(caller, trusted()) == ["staging / deploy", "production / deploy"]


@pytest.mark.parametrize("name", ["deploy.yml", "rollback.yml"])
def test_the_keys_of_a_deployment_outlive_its_job_and_the_role_grants_that(name):
    workflow = Workflow(name, (WORKFLOWS / name).read_text())
    granted = int(re.search(r"max_session_duration = (\d+)", ROLES)[1])
    takes = [(job, role) for _, job, _ in takers(workflow) for role in roles_of(job)]
    assert takes
    for job, role in takes:
        assert job["timeout-minutes"] * 60 <= int(role["role-duration-seconds"]) <= granted


@pytest.mark.parametrize(
    ("attest", "verified"), [("true", True), ("", True), ("maybe", True), ("false", False)]
)
def test_only_false_skips_the_verification(expressions, attest, verified):
    """An input that got lost on its way from the job image verifies the signatures: it does not skip them."""
    workflow = Workflow("deploy-environment.yml", (WORKFLOWS / "deploy-environment.yml").read_text())
    (step,) = [step for _, step in workflow.steps() if step.get("run") == "make ci-verify-image"]
    contexts = {"inputs": {"attest": attest}, "env": {"TARGET": "aws"}, "vars": {}}
    assert expressions.condition(step["if"], contexts, {"success": True}) is verified
