"""The report of a pull request shows what Terraform would change in each environment."""

from pathlib import Path

import pytest
from forge import standalone

from merge_lane.errors import PlanError
from merge_lane.forge.steps import plan

pytestmark = pytest.mark.usefixtures("terraform")

TERRAFORM = """\
#!/bin/sh
echo "$@" >>calls
{body}
"""
PLANNED = """\
[ "$2" = init ] && echo "Initializing the backend..." && exit
echo "module.service.aws_lb.this: Refreshing state... [id=1]"
echo "  ~ min_task_count = 1 -> 2"
echo "Plan: 0 to add, 1 to change, 0 to destroy."
"""


@pytest.fixture
def terraform(tmp_path, monkeypatch):
    """A project with two environments; the function that is returned writes its Terraform."""
    monkeypatch.chdir(tmp_path)
    Path("infra/environment").mkdir(parents=True)
    for name in ("production", "staging"):
        Path(f"infra/environment/{name}.tfvars").touch()
    Path("infra/environment/main.tf").touch()

    def write(body):
        plan.TERRAFORM.write_text(TERRAFORM.format(body=body))
        plan.TERRAFORM.chmod(0o755)

    return write


def result(name="staging"):
    return (plan.FOLDER / f"{name}.txt").read_text().splitlines()


def test_plan_of_each_environment_is_written(terraform, capsys):
    """The first line sums up, the rest is the plan without Terraform's progress."""
    terraform(PLANNED)
    plan.plan()
    summary = "Plan: 0 to add, 1 to change, 0 to destroy."
    assert result("staging") == result("production") == [summary, "", "  ~ min_task_count = 1 -> 2", summary]
    assert capsys.readouterr().out == f"plan of production: {summary}\nplan of staging: {summary}\n"
    assert Path("calls").read_text().splitlines()[:2] == [
        "production init -no-color",
        "production plan-as-deployed -no-color",
    ]


@pytest.mark.parametrize(
    "line",
    ["No changes. Your infrastructure matches.", "Nothing is deployed to staging yet", "Changes to Outputs:"],
)
def test_quiet_plans_are_plans(terraform, line):
    """A plan without a change, and an environment that is not deployed, are summaries too."""
    terraform(f"echo '{line}'")
    plan.plan()
    assert result()[0] == line


@pytest.mark.parametrize(
    "body",
    [
        'echo "Error: no such variable" >&2; exit 1',
        '[ "$2" = init ] || exit 0; echo "Error: no such variable"; exit 1',
        'echo "Error: no such variable"',
    ],
    ids=["each fails", "init fails", "no summary"],
)
def test_failed_plan_is_reported(terraform, body):
    """The report shows why it failed, and the job fails: no plan is not an empty plan."""
    terraform(body)
    with pytest.raises(PlanError, match="could not plan production, staging") as error:
        plan.plan()
    assert error.value.exit_code == 36
    assert result() == ["The plan failed.", "", "Error: no such variable"]


def test_one_failed_plan_hides_no_other(terraform):
    """The other environment is planned and written."""
    terraform('[ $1 = staging ] || { echo broken; exit 1; }; echo "No changes."')
    with pytest.raises(PlanError, match="could not plan production\\."):
        plan.plan()
    assert (result()[0], result("production")[0]) == ("No changes.", "The plan failed.")


def test_missing_environments_are_no_plan():
    """A project whose environments are not where they belong is not a project without changes."""
    for path in Path("infra/environment").glob("*.tfvars"):
        path.unlink()
    with pytest.raises(PlanError, match="no environment"):
        plan.plan()


def test_job_ends_with_the_code_of_the_failure(terraform, tmp_path):
    """Run without set-up, as the job does."""
    terraform("exit 1")
    assert standalone.run("steps.plan", tmp_path, {}).returncode == 36
    terraform("echo 'No changes.'")
    assert standalone.run("steps.plan", tmp_path, {}).returncode == 0
