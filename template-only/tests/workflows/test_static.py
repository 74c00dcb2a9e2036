"""What zizmor, GitHub's schemas, its language service and shellcheck say about workflows."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path

import pytest
import yaml
from workflows.policy import ROOT, Workflow

WORKFLOWS = sorted((ROOT / ".github/workflows").glob("*.yml"))
ACTIONS = sorted((ROOT / ".github/actions").glob("*/action.yml"))
SCRIPTS = [p for p in sorted((ROOT / "scripts").iterdir()) if p.read_text().startswith("#!/usr/bin/env bash")]
INVALID = Path(__file__).parent / "invalid"
IGNORE = re.compile(r"(?:zizmor: ignore\[[\w,-]+\]|shellcheck disable=\w+)(.*)")


def tool(*command: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120, check=False)


def zizmor(*paths: str | Path) -> subprocess.CompletedProcess[str]:
    return tool("zizmor", "--offline", "--persona", "pedantic", "--no-progress", *paths)


def schema(kind: str, *paths: Path) -> subprocess.CompletedProcess[str]:
    return tool("check-jsonschema", "--builtin-schema", f"vendor.github-{kind}", *paths)


@pytest.fixture
def language_service(node_packages):
    def ask(*paths: Path) -> list[dict[str, str]]:
        done = tool("node", node_packages / "lint.mjs", *paths)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    return ask


def test_zizmor_finds_nothing_in_its_pedantic_persona():
    done = zizmor(".github")
    assert done.returncode == 0, done.stdout
    assert "No findings" in done.stdout + done.stderr


def test_zizmor_finds_an_injected_branch_name():
    assert "template-injection" in zizmor(INVALID / "injection.yml").stdout


def test_workflows_and_actions_fit_githubs_schemas():
    assert schema("workflows", *WORKFLOWS).returncode == 0
    assert schema("actions", *ACTIONS).returncode == 0


def test_the_schema_finds_a_misspelt_key():
    assert schema("workflows", INVALID / "misspelt.yml").returncode == 1


def test_githubs_language_service_finds_nothing(language_service):
    assert language_service(*WORKFLOWS, *ACTIONS) == []


def test_githubs_language_service_finds_an_output_that_no_job_has(language_service):
    found = language_service(INVALID / "no-such-output.yml")
    assert ["frehs" in item["message"] for item in found] == [True]


def test_language_service_finds_a_call_without_its_input(language_service, tmp_path):
    """GitHub's own tool reads the called workflow too: a required input that is missing is an error."""
    for name in ("deploy.yml", "deploy-environment.yml"):
        text = (ROOT / ".github/workflows" / name).read_text()
        (tmp_path / name).write_text(text.replace("      environment: staging\n", ""))
    assert ["environment" in item["message"] for item in language_service(tmp_path / "deploy.yml")] == [True]


def test_shellcheck_finds_nothing_in_scripts():
    assert SCRIPTS
    done = tool("shellcheck", *SCRIPTS)
    assert done.returncode == 0, done.stdout


def test_shellcheck_finds_nothing_in_run_steps(tmp_path):
    steps = [step for path in WORKFLOWS for _, step in Workflow(path.name, path.read_text()).steps()]
    steps += [step for path in ACTIONS for step in yaml.safe_load(path.read_text())["runs"]["steps"]]
    script = tmp_path / "runs.sh"
    script.write_text("#!/bin/bash\n" + "\n".join(step["run"] for step in steps if "run" in step) + "\n")
    done = tool("shellcheck", script)
    assert done.returncode == 0, done.stdout


def test_nothing_is_suppressed_without_a_reason():
    files = [*WORKFLOWS, *ACTIONS, *SCRIPTS]
    reasons = [(path.name, reason) for path in files for reason in IGNORE.findall(path.read_text())]
    assert [found for found in reasons if len(found[1].split()) < 3] == []


def test_the_locked_packages_carry_hashes_and_no_address():
    lock = (Path(__file__).parent / "node/package-lock.json").read_text()
    packages = [p for name, p in json.loads(lock)["packages"].items() if name]
    assert "://" not in lock
    assert all(p["integrity"].startswith("sha512-") for p in packages)
