"""What outlives a job: the repository, artefacts, caches, variables, tokens and the GitHub on loopback."""

from __future__ import annotations

import io
import subprocess
import zipfile
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from workflows.rehearsal.expressions import RehearsalError

if TYPE_CHECKING:
    from pathlib import Path

    from forge.github.hub import FakeGitHub

# A push needs a token that may write contents, as on GitHub. The hook runs in the environment of who pushes.
PRE_RECEIVE = """#!/bin/sh
grep -qx "${LOCK_TOKEN:-none}" "$GIT_DIR/may-push" && exit 0
echo "403: the token may not push" >&2
exit 1
"""


@dataclass
class World:
    """A repository on GitHub with what surrounds it."""

    root: Path
    origin: Path
    github: FakeGitHub
    variables: dict[str, str] = field(default_factory=dict)
    secrets: dict[str, str] = field(default_factory=dict)
    artifacts: dict[int, dict[str, dict[str, bytes]]] = field(default_factory=dict)
    caches: list[tuple[str, str, Path]] = field(default_factory=list)
    runs: int = 0
    step_seconds: int = 240
    """Time limit of a `run:` step."""
    environments: dict[str, dict[str, str]] = field(default_factory=dict)
    """Variables of each GitHub environment: steps of its jobs see them before the repository's own."""
    cloud: dict[str, str] = field(default_factory=dict)
    """What a job knows of AWS once it has taken a role."""
    roles: list[tuple[str, str]] = field(default_factory=list)
    """(job, role) of each role that was taken."""

    def __post_init__(self) -> None:
        subprocess.run(
            ["git", "-C", self.origin, "config", "uploadpack.allowAnySHA1InWant", "true"], check=True
        )
        (self.origin / "may-push").write_text("setup\n")
        hook = self.origin / "hooks/pre-receive"
        hook.parent.mkdir(exist_ok=True)
        hook.write_text(PRE_RECEIVE)
        hook.chmod(0o755)

    def variables_in(self, environment: str) -> dict[str, str]:
        """Return what `vars` holds in a job of an environment, which must exist where any does."""
        if environment and self.environments and environment not in self.environments:
            raise RehearsalError(f"there is no environment {environment}")
        return {**self.variables, **self.environments.get(environment, {})}

    def token(self, permissions: dict[str, str]) -> str:
        """Return a token of a job; the GitHub on loopback and the repository know what it may do."""
        token = f"token-{len(self.github.tokens) + 1}"
        self.github.tokens[token] = permissions
        if permissions.get("contents") == "write":
            with (self.origin / "may-push").open("a") as stream:
                stream.write(token + "\n")
        return token

    def upload(self, run_id: int, name: str, files: dict[str, bytes]) -> None:
        """Keep an artefact, also for the API."""
        self.artifacts.setdefault(run_id, {})[name] = files
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w") as bundle:
            for path, data in files.items():
                bundle.writestr(path, data)
        self.github.artifacts[name] = buffer.getvalue()
