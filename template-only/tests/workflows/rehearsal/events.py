"""What GitHub says about an event: the parts that workflows here read, in GitHub's shape."""

from __future__ import annotations

from typing import Any

REPOSITORY = "owner/name"


def repository(full_name: str = REPOSITORY) -> dict[str, Any]:
    owner, name = full_name.split("/")
    return {
        "full_name": full_name,
        "name": name,
        "owner": {"login": owner},
        "default_branch": "main",
        "visibility": "public",
    }


def pull_request(
    branch: str, sha: str, *, fork: str = "", user: str = "ada", number: int = 7
) -> dict[str, Any]:
    """Return the payload of `pull_request`; `fork` names the repository that the branch is in."""
    head = {"ref": branch, "sha": sha, "repo": repository(fork or REPOSITORY)}
    pull = {"number": number, "head": head, "base": {"ref": "main"}, "user": {"login": user}}
    return {"action": "synchronize", "number": number, "pull_request": pull, "repository": repository()}


def dispatch(inputs: dict[str, str]) -> dict[str, Any]:
    """Return the payload of `workflow_dispatch`."""
    return {"inputs": inputs, "repository": repository()}


def workflow_run(run_id: int, branch: str, sha: str, *, event: str, fork: str = "") -> dict[str, Any]:
    """Return the payload of `workflow_run`, type completed."""
    run = {
        "id": run_id,
        "event": event,
        "head_branch": branch,
        "head_sha": sha,
        "head_repository": repository(fork or REPOSITORY),
        "actor": {"login": "ada"},
        "pull_requests": [],  # always empty for forks
    }
    return {"action": "completed", "workflow_run": run, "repository": repository()}


def push(before: str) -> dict[str, Any]:
    """Return the payload of `push`; `before` is where the branch was."""
    return {"before": before, "repository": repository()}
