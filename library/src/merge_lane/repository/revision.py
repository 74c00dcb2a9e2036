"""A revision of this repository: its files from git, its outputs from DVC's cache or remote."""

from __future__ import annotations

import shutil
import subprocess
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from merge_lane.errors import ReviewError
from merge_lane.repository.cache import cache_dir, object_path
from merge_lane.repository.git import ask, blob, commit_of
from merge_lane.repository.lockfile import LOCK, outputs
from merge_lane.system.files import atomic_path, digest

if TYPE_CHECKING:
    from pathlib import Path

MAIN = ("origin/HEAD", "origin/main", "main")
FETCH_SECONDS = 300


@dataclass(frozen=True)
class Base:
    """A revision of this repository that the candidate is compared with; `root` is the work tree."""

    revision: str
    root: Path

    def show(self, path: str) -> bytes | None:
        """Return a committed file of the revision, None where it has none."""
        return blob(self.revision, path, root=self.root)

    @cached_property
    def outputs(self) -> dict[str, str]:
        """md5 of every output that the revision's dvc.lock names, by path."""
        return outputs(self.show(LOCK), f"{self.revision[:12]}:{LOCK}")

    @cached_property
    def folder(self) -> Path:
        """The folder that keeps this revision's code and outputs for the next review; git ignores it."""
        return self.scratch / self.revision[:12]

    @property
    def scratch(self) -> Path:
        """The folder for files that are in no report."""
        return self.root / ".dvc" / "tmp" / "review"

    def fetch(self, path: str) -> Path:
        """Return a DVC output of the revision as a file: from the cache, else from the remote.

        Raises ReviewError where the revision names no such output, or its data are not available.
        """
        expected, target = self.outputs.get(path), self.folder / path
        if expected is None:
            raise ReviewError(f"{self.revision[:12]} has no {path} in its dvc.lock.", where="dvc.lock")
        if target.is_file() and digest(target, "md5") == expected:
            return target
        cached = object_path(cache_dir(self.root), expected)
        if cached.is_file() and digest(cached, "md5") == expected:
            with atomic_path(target) as temporary:
                shutil.copyfile(cached, temporary)
            return target
        return self._pull(path, expected, target)

    def _pull(self, path: str, expected: str, target: Path) -> Path:
        target.parent.mkdir(parents=True, exist_ok=True)
        options = ["--quiet", "--force", "--rev", self.revision, "--out", str(target)]
        command = ["dvc", "get", *options, ".", path]
        try:
            result = subprocess.run(
                command, cwd=self.root, capture_output=True, check=False, timeout=FETCH_SECONDS, text=True
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            raise self._unavailable(path, str(error)) from error
        if result.returncode or not target.is_file() or digest(target, "md5") != expected:
            raise self._unavailable(path, (result.stderr.strip().splitlines() or ["another hash"])[0])
        return target

    def _unavailable(self, path: str, why: str) -> ReviewError:
        return ReviewError(
            f"{path} of {self.revision[:12]} is not available: {why}",
            where="DVC cache and remote",
            next="check `dvc remote list`, or push from where main was built: dvc push",
        )


def resolve(name: str | None, root: Path) -> Base:
    """Return the base: the revision `name`, else where HEAD left main. Raises ReviewError without either."""
    revision = commit_of(name, root=root) if name else _left_main(root)
    if revision is None:
        raise ReviewError(
            f"There is no revision {name}." if name else "There is no main to compare with.",
            where="git",
            next="fetch it (git fetch origin main), or name another: --base REV",
        )
    return Base(revision, root)


def _left_main(root: Path) -> str | None:
    for name in MAIN:
        if commit_of(name, root=root) and (left := ask("merge-base", "HEAD", name, root=root)):
            return left
    return None
