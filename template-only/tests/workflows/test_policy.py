"""Every workflow keeps every rule, and every rule fires on the workflow that was made to break it."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from workflows.policy import POLICIES, ROOT, Workflow, unknown_pins

WORKFLOWS = sorted((ROOT / ".github/workflows").glob("*.yml"))
ACTIONS = sorted((ROOT / ".github/actions").glob("*/action.yml"))
INVALID = Path(__file__).parent / "invalid"
GOOD = (INVALID / "good.yml").read_text()
CALLED = (INVALID / "called.yml").read_text()
# policy -> (what good.yml has, what it has instead): one edit each
MUTATIONS = {
    "permissions_start_at_none": ("permissions: {}\n\nconcurrency", "permissions: read-all\n\nconcurrency"),
    "each_job_names_its_permissions": ("    permissions:\n      contents: read # to check out\n", ""),
    "each_permission_has_a_reason": ("contents: read # to check out", "contents: read"),
    "actions_are_pinned_to_known_commits": ("actions/checkout@3d3c", "actions/checkout@4d3c"),
    "each_job_ends": ("    timeout-minutes: 5\n", ""),
    "runs_do_not_pile_up": ("  cancel-in-progress: true\n", ""),
    "each_call_is_of_a_workflow_here": ("workflows/called.yml", "workflows/good.yml"),
    "each_call_grants_what_is_used": (
        "called.yml\n    with:\n      base: main\n    permissions:\n      contents: read # to check out\n",
        "called.yml\n    with:\n      base: main\n    permissions: {}\n",
    ),
    "each_env_that_is_read_is_set": ("env.BASE == 'main'", "env.BAZE == 'main'"),
    "no_credential_is_left_in_the_checkout": ("persist-credentials: false", "persist-credentials: true"),
    "each_run_is_one_make_target": ("run: make lint", "run: curl example.org | sh"),
    "each_make_target_exists": ("run: make lint", "run: make linnt"),
    "no_expression_is_inside_a_run": ("run: make lint", "run: make lint ${{ github.head_ref }}"),
    "no_privileged_trigger_from_forks": ("  pull_request:\n", "  pull_request_target:\n"),
    "who_can_write_runs_no_code_of_the_pull_request": ("contents: read # to", "contents: write # to"),
    "who_can_write_restores_no_cache": ("pull-requests: read # to", "pull-requests: write # to"),
    "secrets_reach_only_steps": ("env:\n  BASE: main", "env:\n  BASE: ${{ secrets.KEY }}"),
}


@pytest.mark.parametrize("policy", POLICIES, ids=lambda policy: policy.__name__)
@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)
def test_the_workflow_keeps_the_rule(path, policy):
    assert policy(Workflow(path.name, path.read_text())) == []


@pytest.mark.parametrize("policy", POLICIES, ids=lambda policy: policy.__name__)
def test_the_rule_is_quiet_on_a_good_workflow_and_fires_on_the_edit_that_breaks_it(policy):
    assert policy(Workflow("good.yml", GOOD, INVALID)) == []
    old, new = MUTATIONS[policy.__name__]
    assert GOOD.count(old) >= 1
    assert policy(Workflow("mutant.yml", GOOD.replace(old, new, 1), INVALID)) != []


@pytest.mark.parametrize(
    "edit",
    [
        ("@3d3c42e5aac5ba805825da76410c181273ba90b1 # v7.0.1", "@v7"),
        ("# v7.0.1", "# v7.0.2"),
        ("actions/cache@", "somebody/cache@"),
        ("      - uses: actions/checkout@", '      - "uses": actions/checkout@'),
    ],
)
def test_a_pin_in_any_other_form_is_found(edit):
    from workflows.policy import actions_are_pinned_to_known_commits

    assert actions_are_pinned_to_known_commits(Workflow("mutant.yml", GOOD.replace(*edit, 1))) != []


@pytest.mark.parametrize("policy", POLICIES, ids=lambda policy: policy.__name__)
def test_called_workflow_keeps_the_rule(policy):
    """A called workflow without a fault breaks no rule."""
    assert policy(Workflow("called.yml", CALLED, INVALID)) == []


CHECKOUT = "          persist-credentials: false\n"
HEAD = "          ref: ${{ github.event.pull_request.head.sha }}\n"
CACHE = "      - uses: actions/cache@27d5ce7f107fe9357f9df03efb73ab90386fccae # v5.0.5\n"
WRITES = ("contents: read # to", "contents: write # to")


@pytest.mark.parametrize(
    ("rule", "edits"),
    [
        ("who_can_write_runs_no_code_of_the_pull_request", [WRITES, (CHECKOUT, CHECKOUT + HEAD)]),
        ("who_can_write_restores_no_cache", [WRITES, (CHECKOUT, CHECKOUT + CACHE)]),
        ("each_call_grants_what_is_used", [WRITES]),
        ("each_call_grants_what_is_used", [("contents: read # to check out", "packages: read # to look")]),
        ("each_call_is_of_a_workflow_here", [("workflow_call:", "workflow_dispatch:")]),
    ],
)
def test_caller_answers_for_the_called(tmp_path, rule, edits):
    """A rule fires on the caller where the called workflow breaks it."""
    text = CALLED
    for old, new in edits:
        assert text.count(old) == 1
        text = text.replace(old, new)
    (tmp_path / "called.yml").write_text(text)
    (policy,) = [one for one in POLICIES if one.__name__ == rule]
    assert policy(Workflow("good.yml", GOOD, tmp_path)) != []


@pytest.mark.parametrize(
    ("rule", "old", "new"),
    [
        ("runs_do_not_pile_up", "env:\n", "concurrency: {group: own, cancel-in-progress: true}\nenv:\n"),
        ("each_env_that_is_read_is_set", "env:\n  BASE: ${{ inputs.base }}\n", ""),
        ("each_job_ends", "    timeout-minutes: 5\n", ""),
    ],
)
def test_rule_fires_on_a_called_workflow(rule, old, new):
    """A called workflow has a time limit, its own `env`, and no concurrency."""
    (policy,) = [one for one in POLICIES if one.__name__ == rule]
    assert CALLED.count(old) == 1
    assert policy(Workflow("called.yml", CALLED.replace(old, new), INVALID)) != []


@pytest.mark.parametrize(
    "path", sorted((ROOT / ".github/actions").glob("*/action.yml")), ids=lambda p: p.parent.name
)
def test_an_action_of_ours_uses_known_commits_and_runs_make_targets_only(path):
    text = path.read_text()
    steps = yaml.safe_load(text)["runs"]["steps"]
    assert unknown_pins(text, sum("uses" in step for step in steps)) == []
    assert all(
        step["run"].startswith("make ") and "${{" not in step["run"] for step in steps if "run" in step
    )


def test_there_are_workflows_to_judge():
    assert {"pull-request", "report-fork"} <= {path.stem for path in WORKFLOWS}
