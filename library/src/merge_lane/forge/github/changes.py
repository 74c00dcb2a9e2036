"""The difference between what `.github/repository.yaml` asks for and what GitHub has: a list of changes."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from merge_lane.errors import GitHubError
from merge_lane.forge.github.declared import environment_body, ruleset_body

if TYPE_CHECKING:
    from collections.abc import Iterator

    from merge_lane.forge.github.client import Client
    from merge_lane.forge.github.declared import Wanted

VARIABLES_PER_PAGE = 30  # GitHub's limit for variables
PER_PAGE = 100


@dataclass(frozen=True)
class Change:
    """One call that changes something, and how a person calls it."""

    text: str
    method: str
    path: str
    body: dict[str, Any] = field(default_factory=dict)


def changes(client: Client, wanted: Wanted) -> Iterator[Change]:
    """Yield what is to be done, in the order in which it must be done. Nothing, if all is as wanted."""
    about = client.get("")
    if about is None:
        raise GitHubError(
            f"There is no repository {client.repository} on {client.host}, or you may not see it.",
            next=f"make it: gh repo create {client.repository} --private --source . --push",
        )
    yield from _workflow_permissions(client)
    yield from _labels(client, wanted)
    yield from _variables(client, wanted)
    yield from _environments(client, wanted, about["default_branch"])
    yield from _ruleset(client, wanted)


def missing(client: Client, wanted: Wanted) -> list[str]:
    """Return what only a person can set: variables without a value, and secrets; each with its command."""
    variables = _by_name(client.every("actions/variables", "variables", VARIABLES_PER_PAGE))
    secrets = _by_name(client.every("actions/secrets", "secrets", PER_PAGE))
    told = [
        f"gh variable set {name}   # {variable.purpose}"
        for name, variable in wanted.variables.items()
        if variable.value is None and name not in variables
    ]
    told += [
        f"gh secret set {name}   # {s.purpose}" for name, s in wanted.secrets.items() if name not in secrets
    ]
    return told


def covers(has: Any, wants: Any) -> bool:
    """Say whether `has` holds all of `wants`; GitHub answers with more keys than it was given."""
    if isinstance(wants, dict):
        return isinstance(has, dict) and all(covers(has.get(key), value) for key, value in wants.items())
    if isinstance(wants, list):
        return (
            isinstance(has, list)
            and len(has) == len(wants)
            and all(map(covers, _sorted(has), _sorted(wants)))
        )
    return bool(has == wants)


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


def _labels(client: Client, wanted: Wanted) -> Iterator[Change]:
    has = _by_name(client.every("labels", None, PER_PAGE))
    for name, label in wanted.labels.items():
        body = label.model_dump()
        if name not in has:
            yield Change(f"label {name}: create", "POST", "labels", {"name": name, **body})
        elif not covers(has[name], body):
            yield Change(f"label {name}: update", "PATCH", f"labels/{quote(name, safe='')}", body)


def _variables(client: Client, wanted: Wanted) -> Iterator[Change]:
    has = _by_name(client.every("actions/variables", "variables", VARIABLES_PER_PAGE))
    for name, variable in wanted.variables.items():
        body = {"name": name, "value": variable.value}
        if variable.value is None:
            continue
        if name not in has:
            yield Change(
                f"variable {name}: create with {variable.value!r}", "POST", "actions/variables", body
            )
        elif has[name]["value"] != variable.value:
            text = f"variable {name}: {has[name]['value']!r} -> {variable.value!r}"
            yield Change(text, "PATCH", f"actions/variables/{name}", body)


def _environments(client: Client, wanted: Wanted, branch: str) -> Iterator[Change]:
    for name, environment in wanted.environments.items():
        path = f"environments/{quote(name, safe='')}"
        has = client.get(path)
        if environment.pull_requests:
            yield from _open_environment(name, path, has)
            continue
        who = [_reviewer(client, login) for login in environment.reviewers or (_me(client),)]
        names, reviewers = [login for login, _ in who], [body for _, body in who]
        if not covers(_as_sent(has), environment_body(reviewers)):
            verb = "create" if has is None else "update"
            text = f"environment {name}: {verb}, approved by {', '.join(names)}"
            yield Change(text, "PUT", path, environment_body(reviewers))
        policies = client.get(f"{path}/deployment-branch-policies") if has else None
        if branch not in _by_name((policies or {}).get("branch_policies", [])):
            text = f"environment {name}: deploy from {branch} only"
            yield Change(text, "POST", f"{path}/deployment-branch-policies", {"name": branch})


def _open_environment(name: str, path: str, has: dict[str, Any] | None) -> Iterator[Change]:
    wanted = environment_body([], any_branch=True)
    if _as_sent(has) != wanted:
        verb = "create" if has is None else "update"
        yield Change(f"environment {name}: {verb}, for pull requests, without approval", "PUT", path, wanted)


def _as_sent(has: dict[str, Any] | None) -> dict[str, Any] | None:
    """Return an environment as GitHub was sent it; it answers in another form."""
    if has is None:
        return None
    reviewers = [
        {"type": entry["type"], "id": entry["reviewer"]["id"]}
        for rule in has.get("protection_rules", [])
        for entry in rule.get("reviewers", [])
    ]
    return {"reviewers": reviewers, "deployment_branch_policy": has.get("deployment_branch_policy")}


def _me(client: Client) -> str:
    return str(client.get("/user")["login"])


def _reviewer(client: Client, login: str) -> tuple[str, dict[str, Any]]:
    """Return the name and what GitHub takes for a reviewer: a user, or a team as organization/team."""
    organization, _, team = login.partition("/")
    found = client.get(f"/orgs/{organization}/teams/{team}" if team else f"/users/{login}")
    if found is None or found.get("type") == "Organization":
        raise GitHubError(
            f"{login} cannot approve deployments: GitHub knows no such user or team.",
            where=".github/repository.yaml, environments",
            next="name a user, or a team as organization/team",
        )
    return login, {"type": "Team" if team else "User", "id": found["id"]}


def _ruleset(client: Client, wanted: Wanted) -> Iterator[Change]:
    body = ruleset_body(wanted.ruleset, client.host)
    listed = _by_name(client.every("rulesets", None, PER_PAGE))
    if wanted.ruleset.name not in listed:
        needs = f"requires the check {wanted.ruleset.check} and {wanted.ruleset.approvals} approval(s)"
        yield Change(f"ruleset {wanted.ruleset.name}: create, {needs}", "POST", "rulesets", body)
        return
    path = f"rulesets/{listed[wanted.ruleset.name]['id']}"
    if not covers(client.get(path), body):
        yield Change(f"ruleset {wanted.ruleset.name}: update to what the file says", "PUT", path, body)
