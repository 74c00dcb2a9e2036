"""A job that takes a deployment role runs in an environment that the role's trust policy names."""

from __future__ import annotations

import re

import pytest
from workflows.policy import ROOT, Workflow

DEPLOY_ROLE = "${{ vars.DEPLOY_ROLE }}"
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
    return [
        name
        for name, job in workflow.jobs.items()
        if any(step.get("with", {}).get("role-to-assume") == DEPLOY_ROLE for step in job.get("steps", []))
        and not possible(workflow, job) <= environments
    ]


def possible(workflow, job):
    """Return the environments that the job may run in; a choice of the person who starts it counts whole."""
    named = job.get("environment")
    if named == "${{ inputs.environment }}":
        return set(workflow.triggers["workflow_dispatch"]["inputs"]["environment"]["options"])
    return {named}


@pytest.mark.parametrize("name", ["deploy.yml", "rollback.yml"])
def test_deployment_roles_are_taken_in_environments_that_they_trust(name):
    workflow = Workflow(name, (ROOT / ".github/workflows" / name).read_text())
    assert workflow.text.count(DEPLOY_ROLE) > 0
    assert strangers(workflow, trusted()) == []


@pytest.mark.parametrize(
    ("name", "old", "new"),
    [
        ("deploy.yml", "    environment: production\n", ""),
        ("deploy.yml", "    environment: staging\n", "    environment: stage\n"),
        ("rollback.yml", "options: [staging, production]", "options: [staging, production, sandbox]"),
    ],
)
def test_a_job_outside_them_is_found(name, old, new):
    text = (ROOT / ".github/workflows" / name).read_text()
    assert text.count(old) == 1
    assert strangers(Workflow(name, text.replace(old, new)), trusted()) != []


def takes_of(workflow):
    """Yield each job that takes a deployment role, with what the step asks for."""
    for job in workflow.jobs.values():
        for step in job.get("steps", []):
            if step.get("with", {}).get("role-to-assume") == DEPLOY_ROLE:
                yield job, step["with"]


@pytest.mark.parametrize("name", ["deploy.yml", "rollback.yml"])
def test_the_keys_of_a_deployment_outlive_its_job_and_the_role_grants_that(name):
    workflow = Workflow(name, (ROOT / ".github/workflows" / name).read_text())
    granted = int(re.search(r"max_session_duration = (\d+)", ROLES)[1])
    takes = list(takes_of(workflow))
    assert takes
    for job, asked in takes:
        assert job["timeout-minutes"] * 60 <= int(asked["role-duration-seconds"]) <= granted
