"""The repository and the pull request that a workflow runs for. Standard library only."""

from __future__ import annotations

import re

from merge_lane.forge import runner
from merge_lane.forge.github.client import Client

REPOSITORY = re.compile(r"[A-Za-z0-9._-]+/[A-Za-z0-9._-]+")
NUMBER = re.compile(r"[1-9][0-9]{0,8}")


def client() -> Client:
    """Return a client of REPOSITORY on GITHUB_SERVER_URL with GH_TOKEN. Raises InputError."""
    repository = runner.required("REPOSITORY", "owner/name")
    if not REPOSITORY.fullmatch(repository):
        raise runner.InputError(f"REPOSITORY is not owner/name: {repository!r}.", next="set it to owner/name")
    token = runner.required("GH_TOKEN", "a token")
    return Client(repository, server().removeprefix("https://"), token)


def server() -> str:
    """Return the address of the GitHub server."""
    return runner.optional("GITHUB_SERVER_URL", "https://github.com")


def pull_request() -> int:
    """Return the number in PULL_REQUEST. Raises InputError."""
    number = runner.required("PULL_REQUEST", "the number of the pull request")
    if not NUMBER.fullmatch(number):
        raise runner.InputError(f"PULL_REQUEST is not a number: {number!r}.", next="set it to a number")
    return int(number)
