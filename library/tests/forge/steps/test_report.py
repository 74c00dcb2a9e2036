"""The report of the pull request shows Terraform's plans."""

import pytest

from merge_lane.forge import runner
from merge_lane.forge.steps import report
from merge_lane.forge.steps.plan import FOLDER


@pytest.fixture
def lane(programs):
    programs.install("merge-lane")
    return programs


def test_plans_are_attached(lane, monkeypatch):
    """Each plan has its summary as title; `=` would end a title."""
    monkeypatch.setenv("BASE", "origin/$(id)")
    FOLDER.mkdir(parents=True)
    (FOLDER / "staging.txt").write_text("No changes.\n\nmore\n")
    (FOLDER / "production.txt").write_text("Plan: a=b\n")
    report.report()
    production = "Terraform plan, production: Plan: a:b=tmp/plan/production.txt"
    staging = "Terraform plan, staging: No changes.=tmp/plan/staging.txt"
    assert lane.calls() == [
        ["merge-lane", "report", "--base", "origin/$(id)", "--attach", production, "--attach", staging]
    ]


def test_report_needs_no_plan(lane):
    """Without a cloud there is no plan; without a base it is main."""
    report.report()
    assert lane.calls() == [["merge-lane", "report", "--base", "origin/main"]]


def test_failed_report_fails_the_step(lane):
    """The step ends as the report does."""
    lane.install("merge-lane", merge_lane__report=21)
    with pytest.raises(runner.ProgramError) as error:
        report.report()
    assert error.value.exit_code == 21
