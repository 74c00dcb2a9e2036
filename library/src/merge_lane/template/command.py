"""Run git and cruft, and raise an error in their own words where they fail."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

from merge_lane.errors import UpdateError

if TYPE_CHECKING:
    from pathlib import Path

SECONDS = 600  # a clone over a slow line


def run_bytes(*command: str, at: Path) -> bytes:
    """Return what a command prints in the folder `at`. Raises UpdateError with its message where it fails."""
    result = subprocess.run(command, cwd=at, capture_output=True, check=False, timeout=SECONDS)
    if result.returncode:
        message = (result.stderr or result.stdout).decode(errors="replace").strip()
        raise UpdateError(
            f"`{' '.join(command[:3])}` failed: {message}",
            where=str(at),
            next="fix what it names, then repeat the command; `git status` shows what has changed so far",
        )
    return result.stdout


def run(*command: str, at: Path) -> str:
    """Return the same as text, without the last line end."""
    return run_bytes(*command, at=at).decode(errors="replace").rstrip("\n")


def lines(*command: str, at: Path) -> tuple[str, ...]:
    """Return the lines that a command prints."""
    return tuple(filter(None, run(*command, at=at).splitlines()))


def is_dirty(root: Path) -> bool:
    """Return whether the work tree has changes or new files."""
    return bool(run("git", "status", "--porcelain", at=root))
