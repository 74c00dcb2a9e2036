"""Reproduce dvc.lock from the base branch's lock, and check with two tests that it is fresh.

git merges two correct locks as text into a run that never happened, and DVC then says "up to date".
So the lock of a branch is never trusted: the base's lock is the start, DVC runs (or restores from its run
cache) every stage that differs, and the result is compared with the branch's files.
"""

from __future__ import annotations

import hashlib
import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from merge_lane.errors import GitError, LockError
from merge_lane.repository.cache import cache_dir, object_path
from merge_lane.repository.git import blob, git
from merge_lane.repository.lockfile import LOCK, PIPELINE, parse_yaml, uncached_outputs
from merge_lane.system.files import write_bytes, write_text

if TYPE_CHECKING:
    from collections.abc import Sequence

HERE = Path()
MISSING = "error.dvc.org/missing-files"  # how DVC names this cause
UP_TO_DATE = "Data and pipelines are up to date."


def start_from_base(base: str) -> bool:
    """Put the base revision's dvc.lock into the work tree; False (and no lock) when the base has none."""
    try:
        lock = blob(base, LOCK, root=HERE)
    except GitError as error:
        raise LockError(
            f"There is no revision {base} to start from.",
            where=base,
            next="git fetch origin, or name another base, e.g. make lock BASE=main",
        ) from error
    if lock is None:
        Path(LOCK).unlink(missing_ok=True)
        return False
    write_text(LOCK, lock.decode())
    return True


def dvc(*arguments: str) -> str:
    """Run DVC and return what it prints. Raises LockError when it fails."""
    result = subprocess.run(
        ["dvc", *arguments], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False
    )
    if result.returncode:
        raise dvc_failed(arguments, result.returncode, result.stdout)
    return result.stdout


def dvc_failed(arguments: Sequence[str], code: int, text: str) -> LockError:
    """Return the error for a DVC command that failed, with the end of its output."""
    return LockError(
        f"dvc {arguments[0]} ended with code {code}. {text.strip()[-2000:]}".strip(),
        where=" ".join(["dvc", *arguments]),
        next="read DVC's message; nothing was committed",
    )


def show_dvc(*arguments: str) -> bool:
    """Run DVC and print its lines as they come; False when an input is not available anywhere.

    Raises LockError when it fails in any other way.
    """
    command = ["dvc", *arguments]
    lines = []
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as process:
        for line in process.stdout or ():
            click.echo(line, nl=False)
            lines.append(line)
    text = "".join(lines[-20:])
    if process.returncode and MISSING not in text:
        raise dvc_failed(arguments, process.returncode, "its output is above.")
    return process.returncode == 0


def remote() -> str | None:
    """Return the name of DVC's default remote, None when there is none."""
    result = subprocess.run(["dvc", "config", "core.remote"], capture_output=True, text=True, check=False)
    return result.stdout.strip() or None


def seed_cache(revisions: Sequence[str]) -> None:
    """Copy the outputs that git tracks, as they are in these revisions, into DVC's cache.

    DVC restores a run only if all its outputs are in the cache, and `dvc push --run-cache` leaves out those
    that it does not cache itself (3.67). git has them: without this the same training would run again.
    """
    pipeline = Path(PIPELINE)
    paths = uncached_outputs(pipeline.read_bytes() if pipeline.is_file() else None)
    contents = [blob(revision, path, root=HERE) for revision in revisions for path in sorted(paths)]
    cache = cache_dir(HERE)
    for content in filter(None, contents):
        target = object_path(cache, hashlib.md5(content, usedforsecurity=False).hexdigest())
        if not target.exists():
            write_bytes(target, content)
            target.chmod(0o444)  # as DVC protects its objects


def reproduce(*, use_remote: bool) -> list[str]:
    """Run the stages that differ from the lock, restore those that ran before; return the complaints left.

    The first run needs no data of unchanged stages, so it does not download them. Where an output is neither
    here nor in the remote (nobody pushed it, or there is no shared remote), its stage runs again.
    """
    if use_remote and show_dvc("repro", "--pull", "--allow-missing"):
        show_dvc("push", "--run-cache")
        if not (left := complaints(use_remote=True)):
            return left
        click.echo("lock: running again, because the remote lacks outputs: " + "; ".join(left[:5]))
    show_dvc("repro", *(["--pull"] if use_remote else []))
    if use_remote:
        show_dvc("push", "--run-cache")
    return complaints(use_remote=use_remote)


def complaints(*, use_remote: bool) -> list[str]:
    """Return why the lock in the work tree is not fresh: empty when it is.

    `dvc repro --dry` misses outputs that nobody pushed; `dvc data status` misses stages that would run.
    """
    return would_run() + (not_in_remote() if use_remote else [])


def would_run() -> list[str]:
    """Return the stages that would run. The dry run's exit code is 0 either way: its text decides.

    In a clone without data it fails at the first stage that would run (3.67): this is an answer too.
    """
    try:
        text = dvc("repro", "--dry", "--allow-missing")
    except LockError as error:
        if stage := re.search(r"failed to reproduce '([^']+)'", error.what):
            return [f"Running stage '{stage[1]}' (its inputs are not here: dvc pull)"]
        raise
    if UP_TO_DATE in text:
        return []
    stages = [line for line in text.splitlines() if line.startswith("Running stage")]
    return stages or [f"DVC does not say that all is up to date: {text.strip()[-500:]}"]


def not_in_remote() -> list[str]:
    """Return the outputs named in dvc.lock that the remote lacks. DVC may print warnings before its JSON."""
    text = dvc("data", "status", "--not-in-remote", "--json")
    status: dict[str, Any] = json.loads(text[text.index("{") :]) if "{" in text else {}
    return [f"not in the remote: {path}" for path in status.get("not_in_remote", [])]


def changed_files() -> list[str]:
    """Return the files that git sees changed against HEAD, but no dvc.lock that only has another order."""
    tracked = git("diff", "--name-only", "-z", "HEAD", root=HERE).split("\0")
    others = git("ls-files", "--others", "--exclude-standard", "-z", root=HERE).split("\0")
    return sorted(path for path in {*tracked, *others} if path and not (path == LOCK and _same_lock()))


def _same_lock() -> bool:
    """Return whether the lock in the work tree has HEAD's values; then restore HEAD's bytes."""
    committed = blob("HEAD", LOCK, root=HERE)
    if committed is None or not Path(LOCK).is_file():
        return False
    try:
        same: bool = parse_yaml(committed, f"HEAD:{LOCK}") == parse_yaml(Path(LOCK).read_bytes(), LOCK)
    except LockError:
        return False  # conflict markers: HEAD's lock does not even parse
    if same:
        write_text(LOCK, committed.decode())
    return same


def refresh(base: str, *, use_remote: bool) -> list[str]:
    """Reproduce from the base's lock; return the files that the branch must commit (none when it is fresh).

    Raises LockError when the pipeline fails, or is not fresh even after it ran.
    """
    if not start_from_base(base):
        click.echo(f"lock: {base} has no {LOCK}; every stage runs")
    seed_cache(["HEAD", base])
    left = reproduce(use_remote=use_remote)
    if left:
        raise LockError(
            "The pipeline ran, and is still not up to date: " + "; ".join(left),
            where="dvc.yaml",
            next="make every stage write all its outputs, the same ones each time",
        )
    return changed_files()


def export(paths: Sequence[str], target: Path) -> None:
    """Copy files, under their own paths, into an empty directory."""
    shutil.rmtree(target, ignore_errors=True)
    target.mkdir(parents=True)
    for path in paths:
        if Path(path).is_file():
            destination = target / path
            destination.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, destination)
