"""main's side of the comparison, out of git and DVC: a revision, its files, the objects its lock names."""

from __future__ import annotations

import configparser
import shutil
import subprocess
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from merge_lane.errors import ReviewError
from merge_lane.system.files import atomic_path, digest

if TYPE_CHECKING:
    from pathlib import Path

MAIN = ("origin/HEAD", "origin/main", "main")
FETCH_SECONDS = 300
GIT_SECONDS = 60


def git(*arguments: str, root: Path) -> subprocess.CompletedProcess[bytes]:
    """Run git in `root` and return what came of it; the exit code is the caller's to judge."""
    return subprocess.run(
        ["git", "-C", str(root), *arguments], capture_output=True, check=False, timeout=GIT_SECONDS
    )


@dataclass(frozen=True)
class Base:
    """A revision of this repository that the candidate is compared with; `root` is the work tree."""

    revision: str
    root: Path

    def show(self, path: str) -> bytes | None:
        """Return a committed file of the revision, None where it has none."""
        found = git("show", f"{self.revision}:./{path}", root=self.root)
        return found.stdout if found.returncode == 0 else None

    @cached_property
    def outputs(self) -> dict[str, str]:
        """md5 of every output that the revision's dvc.lock names, by path."""
        return outputs(self.show("dvc.lock"))

    @cached_property
    def folder(self) -> Path:
        """Where this revision's code and objects are kept for the next review: ignored by git."""
        return self.scratch / self.revision[:12]

    @property
    def scratch(self) -> Path:
        """A folder for what no report holds."""
        return self.root / ".dvc" / "tmp" / "review"

    def fetch(self, path: str) -> Path:
        """Return a DVC output of the revision as a file: from the cache, else from the remote.

        Raises ReviewError where the revision names no such output, or its data can't be had.
        """
        expected, target = self.outputs.get(path), self.folder / path
        if expected is None:
            raise ReviewError(f"{self.revision[:12]} has no {path} in its dvc.lock.", where="dvc.lock")
        if target.is_file() and digest(target, "md5") == expected:
            return target
        cached = cache_folder(self.root) / "files" / "md5" / expected[:2] / expected[2:]
        if cached.is_file() and digest(cached, "md5") == expected:
            with atomic_path(target) as temporary:
                shutil.copyfile(cached, temporary)
            return target
        return self._pull(path, expected, target)

    def _pull(self, path: str, expected: str, target: Path) -> Path:
        target.parent.mkdir(parents=True, exist_ok=True)
        command = [
            "dvc",
            "get",
            "--quiet",
            "--force",
            "--rev",
            self.revision,
            "--out",
            str(target),
            ".",
            path,
        ]
        try:
            done = subprocess.run(
                command, cwd=self.root, capture_output=True, check=False, timeout=FETCH_SECONDS, text=True
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            raise self._unavailable(path, str(error)) from error
        if done.returncode or not target.is_file() or digest(target, "md5") != expected:
            raise self._unavailable(path, (done.stderr.strip().splitlines() or ["another hash"])[0])
        return target

    def _unavailable(self, path: str, why: str) -> ReviewError:
        return ReviewError(
            f"{path} of {self.revision[:12]} can't be had: {why}",
            where="DVC cache and remote",
            next="check `dvc remote list`, or push from where main was built: dvc push",
        )


def resolve(asked: str | None, root: Path) -> Base:
    """Return the base: `asked`, else where HEAD left main. Raises ReviewError where there is none."""
    revision = _commit(asked, root) if asked else _left_main(root)
    if revision is None:
        raise ReviewError(
            f"There is no revision {asked}." if asked else "There is no main to compare with.",
            where="git",
            next="fetch it (git fetch origin main), or name another: --base REV",
        )
    return Base(revision, root)


def _commit(name: str, root: Path) -> str | None:
    found = git("rev-parse", "--verify", "--quiet", "--end-of-options", f"{name}^{{commit}}", root=root)
    return found.stdout.decode().strip() or None


def _left_main(root: Path) -> str | None:
    for name in MAIN:
        if _commit(name, root):
            found = git("merge-base", "HEAD", name, root=root)
            if found.returncode == 0:
                return found.stdout.decode().strip()
    return None


def outputs(lock: bytes | None) -> dict[str, str]:
    """Return path -> md5 of every output in the text of a dvc.lock."""
    from ruamel.yaml import YAML
    from ruamel.yaml.error import YAMLError

    try:
        tree: Any = YAML(typ="safe").load(lock.decode()) if lock else {}
        stages = tree.get("stages") or {}
        return {
            out["path"]: out["md5"]
            for stage in stages.values()
            for out in stage.get("outs", [])
            if "md5" in out
        }
    except (YAMLError, UnicodeDecodeError, AttributeError, KeyError, TypeError) as error:
        raise ReviewError("dvc.lock cannot be read.", where="dvc.lock", next="make lock") from error


def cache_folder(root: Path) -> Path:
    """Return DVC's cache as its configuration files say, the local one last."""
    chosen = root / ".dvc" / "cache"
    for name in ("config", "config.local"):
        parser = configparser.ConfigParser()
        parser.read(root / ".dvc" / name)
        configured = parser.get("cache", "dir", fallback="")
        chosen = (root / ".dvc" / configured) if configured else chosen
    return chosen
