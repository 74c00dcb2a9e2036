"""An honest dvc.lock: reproduced from the base branch's lock, fresh by two tests that complete each other.

git merges two honest locks as text into a run that never happened, and DVC then says "up to date".
So the lock of a branch is never believed: the base's lock is the start, DVC runs (or restores from its run
cache) whatever differs, and the result is compared with what the branch says.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from merge_lane.errors import LockError
from merge_lane.system.files import write_bytes, write_text

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

LOCK = "dvc.lock"
MISSING = "error.dvc.org/missing-files"  # how DVC names this cause
UP_TO_DATE = "Data and pipelines are up to date."


def git(*arguments: str, cwd: Path | None = None, env: Mapping[str, str] | None = None) -> str:
    """Return what a git command prints. Raises LockError with git's own words."""
    done = subprocess.run(
        ["git", *arguments],
        cwd=cwd,
        env={**os.environ, **(env or {})},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise LockError(
            f"git {arguments[0]} failed: {done.stderr.strip() or done.stdout.strip()}",
            where=" ".join(["git", *arguments]),
            next="run it by hand to see more",
        )
    return done.stdout


def blob(revision: str, path: str, cwd: Path | None = None) -> bytes | None:
    """Return a file as it is in a revision, None where the revision has no such file.

    Raises LockError when the revision does not exist.
    """
    git("rev-parse", "--verify", "--quiet", "--end-of-options", f"{revision}^{{commit}}", cwd=cwd)
    done = subprocess.run(["git", "show", f"{revision}:{path}"], cwd=cwd, capture_output=True, check=False)
    return None if done.returncode else done.stdout


def start_from_base(base: str) -> bool:
    """Put the base revision's dvc.lock into the work tree; False (and no lock) when the base has none."""
    try:
        lock = blob(base, LOCK)
    except LockError as error:
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
    done = subprocess.run(
        ["dvc", *arguments], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False
    )
    if done.returncode:
        raise dvc_failed(arguments, done.returncode, done.stdout)
    return done.stdout


def dvc_failed(arguments: Sequence[str], code: int, text: str) -> LockError:
    """Return the error for a DVC command that failed, with the end of its own words."""
    return LockError(
        f"dvc {arguments[0]} ended with code {code}. {text.strip()[-2000:]}".strip(),
        where=" ".join(["dvc", *arguments]),
        next="read DVC's message; nothing was committed",
    )


def show_dvc(*arguments: str) -> bool:
    """Run DVC and let its lines through as they come; False when an input is nowhere to be had.

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
    done = subprocess.run(["dvc", "config", "core.remote"], capture_output=True, text=True, check=False)
    return done.stdout.strip() or None


def uncached_outputs(dvc_yaml: bytes | None) -> set[str]:
    """Return the outputs that git tracks: those that a dvc.yaml declares with `cache: false`."""
    stages = (parse_yaml(dvc_yaml) if dvc_yaml else {}).get("stages", {}).values()
    bodies = [stage.get("do", stage) for stage in stages]
    declared = [entry for body in bodies for kind in ("outs", "metrics") for entry in body.get(kind, [])]
    return {
        path
        for entry in declared
        if isinstance(entry, dict)
        for path, options in entry.items()
        if options and options.get("cache") is False
    }


def seed_cache(revisions: Sequence[str]) -> None:
    """Put the outputs that git tracks, as they are in these revisions, into DVC's cache under their MD5.

    DVC restores a run only if all its outputs are in the cache, and `dvc push --run-cache` leaves out those
    that it does not cache itself (3.67). git has them: without this the same training would run again.
    """
    dvc_yaml = Path("dvc.yaml")
    paths = uncached_outputs(dvc_yaml.read_bytes() if dvc_yaml.is_file() else None)
    contents = [blob(revision, path) for revision in revisions for path in sorted(paths)]
    cache = Path(dvc("cache", "dir").strip()) / "files" / "md5" if paths else Path()
    for content in filter(None, contents):
        name = hashlib.md5(content, usedforsecurity=False).hexdigest()
        target = cache / name[:2] / name[2:]
        if not target.exists():
            write_bytes(target, content)
            target.chmod(0o444)  # as DVC protects its objects


def reproduce(*, use_remote: bool) -> list[str]:
    """Run what differs from the lock, restore what ran before; return the complaints that are left.

    First without the data of unchanged stages, which need not be downloaded. Where an output is neither here
    nor in the remote (nobody pushed it, or there is no shared remote), its stage runs again.
    """
    if use_remote and show_dvc("repro", "--pull", "--allow-missing"):
        show_dvc("push", "--run-cache")
        if not (left := complaints(use_remote=True)):
            return left
        click.echo("lock: making again what the remote lacks: " + "; ".join(left[:5]))
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

    In a clone without data it fails at the first stage that would run (3.67): that is an answer too.
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
    """Return the files that git sees changed against HEAD; a dvc.lock in another order says the same."""
    tracked = git("diff", "--name-only", "-z", "HEAD").split("\0")
    others = git("ls-files", "--others", "--exclude-standard", "-z").split("\0")
    return sorted(path for path in {*tracked, *others} if path and not (path == LOCK and _same_lock()))


def _same_lock() -> bool:
    """Whether the lock in the work tree says what HEAD's says. Then HEAD's bytes are put back."""
    committed = blob("HEAD", LOCK)
    if committed is None or not Path(LOCK).is_file():
        return False
    try:
        same: bool = parse_yaml(committed) == parse_yaml(Path(LOCK).read_bytes())
    except LockError:
        return False  # conflict markers: HEAD's lock does not even parse
    if same:
        write_text(LOCK, committed.decode())
    return same


def parse_yaml(data: bytes) -> Any:
    """Return plain values from YAML. Raises LockError where it is not YAML, or holds an alias.

    A lock needs no alias, and a few lines of nested ones fill the memory.
    """
    import yaml

    try:
        text = data.decode()
        if any(isinstance(event, yaml.AliasEvent) for event in yaml.parse(text, Loader=yaml.SafeLoader)):
            raise LockError(
                "The YAML has aliases, which no lock has.", where=LOCK, next="write it by `make lock`"
            )
        return yaml.safe_load(text)
    except (yaml.YAMLError, UnicodeDecodeError, RecursionError, ValueError) as error:
        raise LockError(f"{LOCK} is not YAML: {str(error)[:300]}", where=LOCK, next="make lock") from error


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
