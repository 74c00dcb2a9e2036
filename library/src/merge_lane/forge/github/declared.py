"""`.github/repository.yaml` as one frozen model, and its parts as GitHub's API takes them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

from pydantic import Field, ValidationError

from merge_lane.errors import GitHubError
from merge_lane.settings.gates import Section

if TYPE_CHECKING:
    from pathlib import Path

Name = Annotated[str, Field(pattern=r"^[A-Z_][A-Z0-9_]*$")]
Color = Annotated[str, Field(pattern=r"^[0-9a-f]{6}$")]
Reviewer = Annotated[str, Field(pattern=r"^[A-Za-z0-9-]+(/[A-Za-z0-9._-]+)?$")]

ACTIONS_APP = 15368  # github.com's number for GitHub Actions: no other app can report the required check


class Ruleset(Section):
    """What a pull request needs before it may be merged into the default branch."""

    name: str
    check: str
    approvals: int = Field(ge=0, le=10)


class Environment(Section):
    """Who approves a deployment; an empty list means the person who runs `make github`.

    `pull_requests` True: their jobs use it, so it waits for nobody and takes every branch.
    """

    reviewers: tuple[Reviewer, ...] = Field(default=(), max_length=6)  # GitHub's limit
    pull_requests: bool = False


class Variable(Section):
    """A repository variable: its value, or what it is for where the user sets the value."""

    purpose: str
    value: str | None = None


class Secret(Section):
    """A secret that is set by hand: its purpose only."""

    purpose: str


class Label(Section):
    """A label of issues and pull requests."""

    color: Color
    description: str = Field(max_length=100)  # GitHub's limit


class Declaration(Section):
    """The whole file."""

    ruleset: Ruleset
    environments: dict[str, Environment]
    variables: dict[Name, Variable]
    secrets: dict[Name, Secret]
    labels: dict[str, Label]


def load(path: Path) -> Declaration:
    """Return what the file declares. Raises GitHubError naming every bad key."""
    from ruamel.yaml import YAML
    from ruamel.yaml.error import YAMLError

    try:
        return Declaration.model_validate(YAML(typ="safe").load(path.read_text(encoding="utf-8")))
    except (OSError, YAMLError) as error:
        raise GitHubError(f"Cannot read {path}: {error}.", where=str(path), next="fix the file") from error
    except ValidationError as error:
        problems = [f"{'.'.join(map(str, entry['loc']))}: {entry['msg']}" for entry in error.errors()]
        raise GitHubError(
            f"{path} is not valid: {'; '.join(problems)}.", where=str(path), next="fix the file"
        ) from error


def ruleset_body(ruleset: Ruleset, host: str) -> dict[str, Any]:
    """Return the ruleset as GitHub's API takes it: nobody bypasses it."""
    review = {
        "required_approving_review_count": ruleset.approvals,
        "require_code_owner_review": ruleset.approvals > 0,
        "require_last_push_approval": ruleset.approvals > 0,
        "dismiss_stale_reviews_on_push": False,  # the lock commit of CI would dismiss every review
        "required_review_thread_resolution": True,
    }
    app = {"integration_id": ACTIONS_APP} if host == "github.com" else {}
    checks = {
        "required_status_checks": [{"context": ruleset.check, **app}],
        "strict_required_status_checks_policy": True,
    }
    return {
        "name": ruleset.name,
        "target": "branch",
        "enforcement": "active",
        "bypass_actors": [],
        "conditions": {"ref_name": {"include": ["~DEFAULT_BRANCH"], "exclude": []}},
        "rules": [
            {"type": "deletion"},
            {"type": "non_fast_forward"},
            {"type": "pull_request", "parameters": review},
            {"type": "required_status_checks", "parameters": checks},
        ],
    }


def environment_body(reviewers: list[dict[str, Any]], *, any_branch: bool = False) -> dict[str, Any]:
    """Return an environment as GitHub's API takes it: only named branches deploy there, or any."""
    named = {"protected_branches": False, "custom_branch_policies": True}
    return {"reviewers": reviewers, "deployment_branch_policy": None if any_branch else named}
