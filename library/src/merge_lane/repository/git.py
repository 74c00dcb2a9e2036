"""Run git in a repository: text, bytes, or None where git refuses. Every other module calls these."""

from __future__ import annotations

import os
import subprocess
from typing import TYPE_CHECKING

from merge_lane.errors import GitError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

SECONDS = 60
NETWORK_SECONDS = 300  # for fetch and push


def run(
    *arguments: str, root: Path | str, env: Mapping[str, str] | None = None, seconds: float = SECONDS
) -> subprocess.CompletedProcess[bytes]:
    """Run git in `root` and return its result; the caller judges the exit code.

    `env` is added to the environment. Raises GitError where git is not installed or takes longer than
    `seconds`.
    """
    try:
        return subprocess.run(
            ["git", "-C", str(root), *arguments],
            env={**os.environ, **(env or {})},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            check=False,
            timeout=seconds,
        )
    except FileNotFoundError as error:
        raise _failure("git is not installed.", arguments, "install git, then repeat the command") from error
    except subprocess.TimeoutExpired as error:
        raise _failure(
            f"git {arguments[0]} took longer than {seconds:g} s.",
            arguments,
            "run it yourself to see what it waits for",
        ) from error


def git_bytes(
    *arguments: str, root: Path | str, env: Mapping[str, str] | None = None, seconds: float = SECONDS
) -> bytes:
    """Return what a git command prints, byte for byte. Raises GitError with git's own message."""
    result = run(*arguments, root=root, env=env, seconds=seconds)
    if result.returncode:
        message = (result.stderr or result.stdout).decode(errors="replace").strip() or "no reason"
        raise _failure(f"git {arguments[0]} failed: {message}", arguments, "run it yourself to see more")
    return result.stdout


def git(
    *arguments: str, root: Path | str, env: Mapping[str, str] | None = None, seconds: float = SECONDS
) -> str:
    """Return what a git command prints, without the last newline. Raises GitError with git's own message."""
    text = git_bytes(*arguments, root=root, env=env, seconds=seconds).decode(errors="surrogateescape")
    return text.removesuffix("\n")


def ask(*arguments: str, root: Path | str, seconds: float = SECONDS) -> str | None:
    """Return what a git command prints, None where git refuses. Raises GitError only as `run` does."""
    result = run(*arguments, root=root, seconds=seconds)
    return None if result.returncode else result.stdout.decode(errors="surrogateescape").removesuffix("\n")


def commit_of(revision: str, *, root: Path | str) -> str | None:
    """Return the full id of the commit that `revision` names, None where it names none."""
    name = f"{revision}^{{commit}}"
    return ask("rev-parse", "--verify", "--quiet", "--end-of-options", name, root=root)


def blob(revision: str, path: str, *, root: Path | str) -> bytes | None:
    """Return a file as it is in a revision, None where the revision has no such file.

    `path` is relative to `root`. Raises GitError without such a revision, or where git cannot read
    the file.
    """
    commit = commit_of(revision, root=root)
    if commit is None:
        raise GitError(
            f"There is no revision {revision}.", where=str(root), next="git fetch, or name another"
        )
    result = run("cat-file", "blob", f"{commit}:./{path}", root=root)
    if result.returncode == 0:
        return result.stdout
    if git("ls-tree", "--name-only", commit, "--", path, root=root):
        return git_bytes("cat-file", "blob", f"{commit}:./{path}", root=root)
    return None


def _failure(what: str, arguments: tuple[str, ...], step: str) -> GitError:
    return GitError(what, where=" ".join(["git", *arguments]), next=step)
