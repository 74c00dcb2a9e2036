"""The changes that bring a repository on GitHub to what `.github/repository.yaml` declares."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from merge_lane.errors import GitHubError
from merge_lane.forge.github.declared import environment_body, ruleset_body

if TYPE_CHECKING:
    from collections.abc import Iterator

    from merge_lane.forge.github.client import Client
    from merge_lane.forge.github.declared import Declaration

VARIABLES_PER_PAGE = 30  # GitHub's limit for variables
PER_PAGE = 100


@dataclass(frozen=True)
class Change:
    """One call that changes something, and its description for a person."""

    text: str
    method: str
    path: str
    body: dict[str, Any] = field(default_factory=dict)


def changes(client: Client, declaration: Declaration) -> Iterator[Change]:
    """Yield the changes in the order in which they must be made; none where all is as declared."""
    repository = client.get("")
    if repository is None:
        raise GitHubError(
            f"There is no repository {client.repository} on {client.host}, or you may not read it.",
            next=f"create it: gh repo create {client.repository} --private --source . --push",
        )
    yield from _workflow_permissions(client)
    yield from _labels(client, declaration)
    yield from _variables(client, declaration)
    yield from _environments(client, declaration, repository["default_branch"])
    yield from _ruleset(client, declaration)


def missing(client: Client, declaration: Declaration) -> list[str]:
    """Return what only a person can set, each with its command: variables without a value, and secrets."""
    variables = _by_name(client.every("actions/variables", "variables", VARIABLES_PER_PAGE))
    secrets = _by_name(client.every("actions/secrets", "secrets", PER_PAGE))
    commands = [
        f"gh variable set {name}   # {variable.purpose}"
        for name, variable in declaration.variables.items()
        if variable.value is None and name not in variables
    ]
    commands += [
        f"gh secret set {name}   # {s.purpose}"
        for name, s in declaration.secrets.items()
        if name not in secrets
    ]
    return commands


def covers(current: Any, expected: Any) -> bool:
    """Return whether `current` holds all of `expected`; GitHub answers with more keys than it was sent."""
    if isinstance(expected, dict):
        return isinstance(current, dict) and all(
            covers(current.get(key), value) for key, value in expected.items()
        )
    if isinstance(expected, list):
        return (
            isinstance(current, list)
            and len(current) == len(expected)
            and all(map(covers, _sorted(current), _sorted(expected)))
        )
    return bool(current == expected)


def _sorted(entries: list[Any]) -> list[Any]:
    return sorted(
        entries, key=lambda e: str(e.get("type", e.get("context"))) if isinstance(e, dict) else str(e)
    )


def _by_name(entries: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    return {entry["name"]: entry for entry in entries}


def _workflow_permissions(client: Client) -> Iterator[Change]:
    body = {"default_workflow_permissions": "read", "can_approve_pull_request_reviews": True}
    path = "actions/permissions/workflow"
    if not covers(client.get(path), body):
        yield Change("workflows: read by default, and allowed to open pull requests", "PUT", path, body)


def _labels(client: Client, declaration: Declaration) -> Iterator[Change]:
    current = _by_name(client.every("labels", None, PER_PAGE))
    for name, label in declaration.labels.items():
        body = label.model_dump()
        if name not in current:
            yield Change(f"label {name}: create", "POST", "labels", {"name": name, **body})
        elif not covers(current[name], body):
            yield Change(f"label {name}: update", "PATCH", f"labels/{quote(name, safe='')}", body)


def _variables(client: Client, declaration: Declaration) -> Iterator[Change]:
    current = _by_name(client.every("actions/variables", "variables", VARIABLES_PER_PAGE))
    for name, variable in declaration.variables.items():
        body = {"name": name, "value": variable.value}
        if variable.value is None:
            continue
        if name not in current:
            yield Change(
                f"variable {name}: create with {variable.value!r}", "POST", "actions/variables", body
            )
        elif current[name]["value"] != variable.value:
            text = f"variable {name}: {current[name]['value']!r} -> {variable.value!r}"
            yield Change(text, "PATCH", f"actions/variables/{name}", body)


def _environments(client: Client, declaration: Declaration, branch: str) -> Iterator[Change]:
    for name, environment in declaration.environments.items():
        path = f"environments/{quote(name, safe='')}"
        current = client.get(path)
        if environment.pull_requests:
            yield from _open_environment(name, path, current)
            continue
        who = [_reviewer(client, login) for login in environment.reviewers or (_me(client),)]
        names, reviewers = [login for login, _ in who], [body for _, body in who]
        if not covers(_as_sent(current), environment_body(reviewers)):
            verb = "create" if current is None else "update"
            text = f"environment {name}: {verb}, approved by {', '.join(names)}"
            yield Change(text, "PUT", path, environment_body(reviewers))
        policies = client.get(f"{path}/deployment-branch-policies") if current else None
        if branch not in _by_name((policies or {}).get("branch_policies", [])):
            text = f"environment {name}: deploy from {branch} only"
            yield Change(text, "POST", f"{path}/deployment-branch-policies", {"name": branch})


def _open_environment(name: str, path: str, current: dict[str, Any] | None) -> Iterator[Change]:
    body = environment_body([], any_branch=True)
    if _as_sent(current) != body:
        verb = "create" if current is None else "update"
        yield Change(f"environment {name}: {verb}, for pull requests, without approval", "PUT", path, body)


def _as_sent(current: dict[str, Any] | None) -> dict[str, Any] | None:
    """Return an environment in the form in which GitHub takes it; it answers in another."""
    if current is None:
        return None
    reviewers = [
        {"type": entry["type"], "id": entry["reviewer"]["id"]}
        for rule in current.get("protection_rules", [])
        for entry in rule.get("reviewers", [])
    ]
    return {"reviewers": reviewers, "deployment_branch_policy": current.get("deployment_branch_policy")}


def _me(client: Client) -> str:
    return str(client.get("/user")["login"])


def _reviewer(client: Client, login: str) -> tuple[str, dict[str, Any]]:
    """Return the name and what GitHub takes for a reviewer: a user, or a team as organization/team."""
    organization, _, team = login.partition("/")
    account = client.get(f"/orgs/{organization}/teams/{team}" if team else f"/users/{login}")
    if account is None or account.get("type") == "Organization":
        raise GitHubError(
            f"{login} cannot approve deployments: there is no such user or team on GitHub.",
            where=".github/repository.yaml, environments",
            next="name a user, or a team as organization/team",
        )
    return login, {"type": "Team" if team else "User", "id": account["id"]}


def _ruleset(client: Client, declaration: Declaration) -> Iterator[Change]:
    body = ruleset_body(declaration.ruleset, client.host)
    rulesets = _by_name(client.every("rulesets", None, PER_PAGE))
    if declaration.ruleset.name not in rulesets:
        needs = (
            f"requires the check {declaration.ruleset.check} and {declaration.ruleset.approvals} approval(s)"
        )
        yield Change(f"ruleset {declaration.ruleset.name}: create, {needs}", "POST", "rulesets", body)
        return
    path = f"rulesets/{rulesets[declaration.ruleset.name]['id']}"
    if not covers(client.get(path), body):
        yield Change(
            f"ruleset {declaration.ruleset.name}: update to what the file declares", "PUT", path, body
        )
