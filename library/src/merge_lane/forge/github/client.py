"""GitHub's REST API through its own command line, `gh`, which holds the credentials."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from typing import Any

from merge_lane.errors import GitHubError

SECONDS = 60  # for one call; gh retries nothing by itself
VERSION = "X-GitHub-Api-Version: 2022-11-28"
REASONS = {
    "401": "log in: gh auth login",
    "403": "you need admin rights on the repository, and its plan must include the feature",
    "404": "check the name, or ask for admin rights: GitHub hides what you may not see",
}


class Client:
    """One repository on GitHub, `owner/name`, on the host that its origin names.

    A token takes the place of the login that `gh` keeps.
    """

    def __init__(self, repository: str, host: str = "github.com", token: str = "") -> None:
        self.repository = repository
        self.host = host
        self._token = token

    def get(self, path: str) -> Any:
        """Return what is at `path` of the repository (of GitHub, if it begins with a slash), or None."""
        return self._call("GET", path, None, missing=True)

    def every(self, path: str, key: str | None, size: int) -> list[dict[str, Any]]:
        """Return all entries of a list that comes in pages of `size`; `key` names it within each answer."""
        collected: list[dict[str, Any]] = []
        for page in range(1, 101):
            answer = self.get(f"{path}?per_page={size}&page={page}")
            entries = answer[key] if key else answer
            collected += entries
            if len(entries) < size:
                break
        return collected

    def send(self, method: str, path: str, body: dict[str, Any]) -> Any:
        """Change what is at `path` and return the answer. Raises GitHubError with GitHub's message."""
        return self._call(method, path, body, missing=False)

    def graphql(self, query: str, **variables: Any) -> Any:
        """Return the data that a GraphQL query or mutation answers. Raises GitHubError."""
        return self.send("POST", "/graphql", {"query": query, "variables": variables})["data"]

    def _call(self, method: str, path: str, body: dict[str, Any] | None, *, missing: bool) -> Any:
        whole = path[1:] if path.startswith("/") else f"repos/{self.repository}/{path}".rstrip("/")
        command = [_gh(), "api", "--method", method, "--header", VERSION, whole]
        if body is not None:
            command += ["--input", "-"]
        result = _run(command, self._environment(), json.dumps(body) if body is not None else None)
        if result.returncode == 0:
            return json.loads(result.stdout) if result.stdout.strip() else {}
        status = "".join(re.findall(r"HTTP (\d{3})", result.stderr)[:1])
        if missing and status == "404":
            return None
        raise _refused(f"{method} {whole}", status, result)

    def _environment(self) -> dict[str, str]:
        """Return the environment of `gh`: one variable is for github.com's token, one for other hosts."""
        environment = {"GH_HOST": self.host, **os.environ, "GH_PROMPT_DISABLED": "1"}
        if self._token:
            variables = ("GH_TOKEN", "GH_ENTERPRISE_TOKEN")
            environment |= {"GH_HOST": self.host, **dict.fromkeys(variables, self._token)}
        return environment


def _gh() -> str:
    program = shutil.which("gh")
    if program is None:
        raise GitHubError(
            "The GitHub CLI `gh` is not installed.", next="install it (cli.github.com), then: gh auth login"
        )
    return program


def _run(
    command: list[str], environment: dict[str, str], text: str | None
) -> subprocess.CompletedProcess[str]:
    try:
        return subprocess.run(
            command, input=text, capture_output=True, text=True, timeout=SECONDS, env=environment, check=False
        )
    except subprocess.TimeoutExpired as error:
        raise GitHubError(
            f"GitHub did not answer within {SECONDS} s.",
            where=environment["GH_HOST"],
            next="repeat the command later",
        ) from error


def _refused(request: str, status: str, result: subprocess.CompletedProcess[str]) -> GitHubError:
    lines = result.stderr.strip().splitlines()
    answer = json.loads(result.stdout) if result.stdout.startswith("{") else {}
    details = "; ".join(str(entry.get("message", entry)) for entry in answer.get("errors") or [] if entry)
    reason = ". ".join(filter(None, [lines[0] if lines else f"gh ended with {result.returncode}", details]))
    return GitHubError(
        f"GitHub refused: {reason}", where=request, next=REASONS.get(status, "read GitHub's reason above")
    )
