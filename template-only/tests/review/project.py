"""A copy of this very project with fewer months, its pipeline run once: where the mutation tests start."""

from __future__ import annotations

import fcntl
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[3]
BIN = Path(sys.executable).parent
MONTHS = ("2013-04", "2013-05", "2013-06", "2013-07", "2013-08")
TEST_FROM = "2013-07"
SECONDS = 600  # a minute on an idle machine; others may be at work


class Project:
    """A project in a folder of its own, driven through its command line."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def run(self, *command: str) -> subprocess.CompletedProcess[str]:
        """Run a command with this project's own code; its exit code is the caller's to judge."""
        own = {"PYTHONPATH": str(self.folder / "src"), "PATH": f"{BIN}:{os.environ['PATH']}"}
        quiet = {"DVC_NO_ANALYTICS": "1", "DVC_TEST": "1"}
        return subprocess.run(
            command,
            cwd=self.folder,
            env={**os.environ, **own, **quiet},
            capture_output=True,
            text=True,
            timeout=SECONDS,
            check=False,
        )

    def change(self, path: str, pattern: str, replacement: str) -> None:
        """Replace what `pattern` matches in a file; it must match once."""
        file = self.folder / path
        text, count = re.subn(pattern, replacement, file.read_text(), flags=re.MULTILINE)
        assert count == 1, f"{pattern} matches {count} times in {path}"
        file.write_text(text)

    def commit(self, *, everything: bool = True) -> None:
        """Commit everything that git knows or may know, or only what is staged."""
        for command in ([["add", "-A"]] if everything else []) + [["commit", "-qm", "change"]]:
            done = self.run("git", "-c", "user.name=t", "-c", "user.email=t@localhost", *command)
            assert done.returncode == 0, done.stderr

    def reproduce(self) -> subprocess.CompletedProcess[str]:
        """Run what changed."""
        return self.run("dvc", "repro")

    def review(self, *arguments: str) -> tuple[int, set[str], str]:
        """Return the exit code, the gates that block, and all that was printed."""
        done = self.run("merge-lane", "review", *arguments)
        named = re.match(r"BLOCKED by (.*)", done.stdout)
        return done.returncode, set(named[1].split(", ")) if named else set(), done.stdout + done.stderr


def copy(source: Path, target: Path) -> Project:
    """Copy a whole project, cache and all."""
    shutil.copytree(source, target, symlinks=True)
    return Project(target)


def baseline(folder: Path) -> Project:
    """Make the project in `folder`, once for all workers: this repository's files with fewer months."""
    with (folder.parent / f"{folder.name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (folder / ".ready").exists():
            shutil.rmtree(folder, ignore_errors=True)
            _make(Project(folder))
            (folder / ".ready").touch()
    return Project(folder)


def _make(project: Project) -> None:
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True).stdout
    for name in listed.decode().split("\0"):
        if name and (ROOT / name).is_file():
            (project.folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, project.folder / name)
    if (ROOT / ".dvc" / "cache").is_dir():
        shutil.copytree(ROOT / ".dvc" / "cache", project.folder / ".dvc" / "cache")
    months = "".join(f"    - {month}\n" for month in MONTHS)
    project.change("params.yaml", r"(  months:.*\n)(    - \d{4}-\d\d\n)+", rf"\g<1>{months}")
    project.change("params.yaml", r"test_from: \S+", f"test_from: {TEST_FROM}")
    assert project.run("git", "init", "-q", "-b", "main").returncode == 0
    done = project.reproduce()
    assert done.returncode == 0, done.stderr
    project.commit()
