"""What the template promises is done inside the projects that are made of it, under each of their names."""

import os
import shutil

import pytest
from template import baking

pytestmark = pytest.mark.slow


def test_its_lint_and_types_pass(ready):
    baking.make(ready, "lint")


def test_its_workflows_pass_the_checks(ready):
    project, variables = ready
    workflows = sorted((project / ".github" / "workflows").glob("*.yml"))
    baking.ok("zizmor", "--offline", "--pedantic", "--quiet", ".github", cwd=project, **variables)
    schema = ["--builtin-schema", "vendor.github-workflows"]
    baking.ok("check-jsonschema", *schema, *workflows, cwd=project, **variables)


@pytest.mark.skipif(shutil.which("terraform") is None, reason="Terraform is not installed")
def test_its_infrastructure_is_formatted_and_valid(ready):
    """Both Terraform roots, and with them every module, are valid; Terraform may be set up in one's home."""
    project, variables = ready
    own = ["pytest", "-q", "tests/infra/test_modules.py", "-k", "valid or formatted"]
    said = baking.ok(*own, cwd=project, **variables, HOME=os.environ["HOME"])
    if " skipped" in said:
        pytest.skip(said[-400:])
    assert "3 passed" in said


@pytest.mark.timeout(900)
def test_its_pipeline_runs_and_is_then_up_to_date(ready):
    """A project starts without records of runs; the first run makes them, and a second has nothing to do."""
    project, variables = ready
    assert not (project / "dvc.lock").exists()
    baking.make(ready, "reproduce", seconds=800)
    assert (project / "models" / "manifest.json").exists()
    assert "up to date" in baking.ok("dvc", "repro", cwd=project, **variables)
