"""pull-request.yml is started on the new head of a branch."""

import pytest
from forge import standalone
from forge.github.hub import needs_gh

VARIABLES = {
    "REPOSITORY": "owner/name",
    "HEAD_BRANCH": "@x",
    "PULL_REQUEST": "7",
    "BASE_BRANCH": "main",
    "RUN": "5",
}


@pytest.fixture
def dispatch(github, tmp_path):
    def go(**changes):
        home = {"HOME": str(tmp_path), "GH_CONFIG_DIR": str(tmp_path)}
        environment = {**github.environment(), **home, **VARIABLES, **changes}
        return standalone.run("github.dispatch", tmp_path, environment)

    return go


@needs_gh
@pytest.mark.parametrize("branch", ["@x", "a;id", "$(id)", "better"])
def test_branch_may_be_called_anything(github, dispatch, branch):
    """The name of a branch is data: `@x` names no file, and `$(id)` runs nothing."""
    result = dispatch(HEAD_BRANCH=branch)
    assert result.returncode == 0, result.stderr
    inputs = {"pull-request": "7", "base": "main", "run": "5"}
    assert github.dispatches == [{"ref": branch, "inputs": inputs}]


@needs_gh
def test_refusal_has_its_own_code(github, dispatch):
    """A token that may not start a workflow ends the step with 41 and GitHub's reason."""
    github.tokens["test-token"] = {"actions": "read"}
    result = dispatch()
    assert result.returncode == 41
    assert "Resource not accessible" in result.stderr
    assert github.dispatches == []


@pytest.mark.parametrize("name", [*VARIABLES, "GH_TOKEN"])
def test_missing_value_starts_nothing(github, dispatch, name):
    """Each value is needed; none is guessed."""
    result = dispatch(**{name: ""})
    assert result.returncode == 2
    assert name in result.stderr
    assert github.requests == []
