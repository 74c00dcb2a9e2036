"""The model files in the work tree: after `git switch` they are still those of the other branch.

Git brings back the manifest, but DVC holds the files that it names. `restore` brings them back with
`dvc checkout`, which refuses to overwrite a file that its cache does not hold: an altered file stays as it
is, and the identity chain raises the alarm.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from merge_lane.errors import ProjectError, ReleaseError
from merge_lane.repository.git import git, git_bytes
from merge_lane.system.files import digest

if TYPE_CHECKING:
    from collections.abc import Callable

    from merge_lane.release.manifest import Release

MANIFEST = "models/manifest.json"
COMMITS = (
    200  # of those that changed the model, the newest: enough to name the branch that the files belong to
)
CHECKOUT_SECONDS = 600


def restore(root: Path, release: Release, say: Callable[[str], None]) -> None:
    """Bring back the release's model files where those of another commit lie in the work tree.

    Tracked files must be unchanged (`manifest.make` refuses others). A file that nobody knows is left alone:
    `chain.check` reports it. Raises ReleaseError where the files belong to another commit and DVC cannot
    replace them.
    """
    expected = _files(root, release.commit)
    present = {name: _hash(root / "models" / name) for name in expected}
    if present == expected:
        return
    owner = _owner(root, {name: value for name, value in present.items() if value is not None})
    problem = _checkout(root)
    if {name: _hash(root / "models" / name) for name in expected} == expected:
        say(f"models/ held the files of {owner or 'another run'}: `dvc checkout` brought this commit's back")
    elif owner is not None:
        raise ReleaseError(
            f"models/ holds the files of {owner}, and `dvc checkout` cannot replace them: {problem}",
            where="models/",
            next="run `dvc pull`, or `dvc repro` on this commit, then the same command again",
        )


def _files(root: Path, commit: str) -> dict[str, str]:
    """Return the sha256 of each file that a commit's manifest names; nothing where it has no manifest."""
    try:
        files = json.loads(git_bytes("show", f"{commit}:{MANIFEST}", root=root))["files"]
        return {name: str(entry["sha256"]) for name, entry in files.items()}
    except (ProjectError, ValueError, KeyError, TypeError, AttributeError):
        return {}  # such a manifest breaks the chain, which names it


def _hash(path: Path) -> str | None:
    return digest(path) if path.is_file() else None


def _owner(root: Path, present: dict[str, str]) -> str | None:
    """Return the commit, on any branch, whose model files these are; None where no commit has them all."""
    commits = git("log", "--all", f"--max-count={COMMITS}", "--format=%H", "--", MANIFEST, root=root).split()
    for commit in commits:
        files = _files(root, commit)
        if present and present.items() <= files.items():
            return git("log", "-1", "--format=%h (%s)", commit, root=root)
    return None


def _checkout(root: Path) -> str:
    """Run `dvc checkout` and return why it failed; empty where it did not. It answers no question."""
    command = [str(Path(sys.executable).with_name("dvc")), "checkout"]
    try:
        process = subprocess.run(
            command,
            cwd=root,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            timeout=CHECKOUT_SECONDS,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        return str(error)
    lines = process.stderr.strip().splitlines() or [f"exit code {process.returncode}"]
    return lines[0] if process.returncode else ""
