"""Accept the files of a pull request's run: check them, commit only them, run none of the branch's code.

Everything here works on git objects. The branch is never checked out, so none of its code, hooks, filters
or settings runs, and the candidate files are only read as data.
"""

from __future__ import annotations

import json
import os
import re
import tempfile
from pathlib import Path, PurePosixPath
from typing import Any

from merge_lane.errors import LockError
from merge_lane.repository.git import NETWORK_SECONDS, ask, blob, git
from merge_lane.repository.lockfile import LOCK, PIPELINE, parse_yaml, uncached_outputs

SUBJECT = "Reproduce the pipeline: dvc.lock and what git tracks of its outputs"
MAX_FILES = 50
MAX_BYTES = 1 << 20  # a lock of a thousand stages has about half of this
BOT = "github-actions[bot]"
BOT_MAIL = "41898282+github-actions[bot]@users.noreply.github.com"  # the account that GITHUB_TOKEN acts as
NEXT = "the run's log of the job `train` shows what the pipeline wrote; commit other files yourself"
REF = "refs/lock/head"
HERE = Path()
DIGEST = re.compile(r"[0-9a-f]{32}(\.dir)?")


def refuse(what: str, where: str = "") -> LockError:
    """Return the error that refuses the candidate files."""
    return LockError(f"The lock commit is refused: {what}", where=where, next=NEXT)


def read_candidate(directory: Path) -> dict[str, bytes]:
    """Return the candidate files by path. Raises LockError for a link, too many files or a large one."""
    files: dict[str, bytes] = {}
    for path in sorted(directory.rglob("*")):
        name = path.relative_to(directory).as_posix()
        if path.is_symlink() or not (path.is_dir() or path.is_file()):
            raise refuse("it has an entry that is no plain file.", name)
        if path.is_dir():
            continue
        if len(files) >= MAX_FILES or path.stat().st_size > MAX_BYTES:
            raise refuse(f"more than {MAX_FILES} files, or one above {MAX_BYTES} bytes.", name)
        files[name] = path.read_bytes()
    return files


def check_candidate(files: dict[str, bytes], allowed: set[str]) -> None:
    """Refuse any file that is neither dvc.lock nor an output that git tracks, and any that does not parse."""
    for name, data in files.items():
        if name != LOCK and (name not in allowed or PurePosixPath(name).suffix != ".json"):
            raise refuse("it touches a file that is neither dvc.lock nor an output that git tracks.", name)
        if name == LOCK:
            check_lock(parse_yaml(data, LOCK))
        else:
            _check_json(name, data)


def _check_json(name: str, data: bytes) -> None:
    try:
        json.loads(data)
    except (ValueError, RecursionError) as error:
        raise refuse(f"not JSON: {error}", name) from error


def check_lock(lock: Any) -> None:
    """Refuse a lock that DVC would not write: another schema, an odd hash, a path outside the repository."""
    if not isinstance(lock, dict) or set(lock) != {"schema", "stages"} or lock["schema"] != "2.0":
        raise refuse("dvc.lock is not of DVC's schema 2.0.", LOCK)
    if not isinstance(lock["stages"], dict):
        raise refuse("the stages of dvc.lock are not a table.", LOCK)
    for name, stage in lock["stages"].items():
        if not isinstance(stage, dict) or set(stage) - {"cmd", "deps", "params", "outs"}:
            raise refuse("a stage has keys that DVC does not write.", f"{LOCK}: {name}")
        for entry in [*(stage.get("deps") or []), *(stage.get("outs") or [])]:
            _check_entry(entry, f"{LOCK}: {name}")


def _check_entry(entry: Any, where: str) -> None:
    if not isinstance(entry, dict) or set(entry) - {"path", "hash", "md5", "size", "nfiles", "isexec"}:
        raise refuse("an entry has keys that DVC does not write.", where)
    path = entry.get("path")
    if not isinstance(path, str) or PurePosixPath(path).is_absolute() or ".." in PurePosixPath(path).parts:
        raise refuse("a path leaves the repository.", f"{where}: {path}")
    if not DIGEST.fullmatch(str(entry.get("md5", ""))):
        raise refuse("a hash is no MD5.", f"{where}: {path}")


def credentials(token: str | None) -> dict[str, str]:
    """Return the environment that lets git use a token, which stays out of arguments and files."""
    if not token:
        return {}
    return {
        "GIT_CONFIG_COUNT": "1",
        "GIT_CONFIG_KEY_0": "credential.helper",
        "GIT_CONFIG_VALUE_0": '!f() { echo username=x-access-token; echo "password=$LOCK_TOKEN"; }; f',
        "LOCK_TOKEN": token,
        "GIT_TERMINAL_PROMPT": "0",
    }


def commit_lock(
    directory: Path, *, head: str, branch: str, remote: str, token: str | None = None
) -> str | None:
    """Push one commit on `head` of `branch` with the candidate files; return None when none of them is new.

    The allowed files are those of the checked-out (trusted) dvc.yaml. Raises LockError for any other file,
    when the branch has moved on, or when `head` is itself such a commit (the pipeline is not deterministic).
    """
    fetch(head, branch, remote, credentials(token))
    new = {
        name: data for name, data in read_candidate(directory).items() if data != blob(head, name, root=HERE)
    }
    if not new:
        return None
    pipeline = Path(PIPELINE)
    check_candidate(new, uncached_outputs(pipeline.read_bytes() if pipeline.is_file() else None))
    if git("log", "-1", "--format=%s", head, root=HERE) == SUBJECT:
        raise refuse(
            "this commit is itself a reproduction with other bytes: the pipeline is not deterministic."
        )
    commit = _write_commit(new, head)
    _check_commit(commit, head, set(new))
    push(commit, head, branch, remote, credentials(token))
    return commit


def fetch(head: str, branch: str, remote: str, env: dict[str, str]) -> None:
    """Fetch the branch as data. Raises LockError for a name that is no branch, or one that has moved on."""
    if branch.startswith("-") or ask("check-ref-format", f"refs/heads/{branch}", root=HERE) is None:
        raise refuse("the name is no branch.", branch)
    if not re.fullmatch(r"[0-9a-f]{40}", head):
        raise refuse("the head is no full commit id.", head)
    refspec = f"+refs/heads/{branch}:{REF}"
    git("fetch", "--quiet", "--no-tags", remote, refspec, root=HERE, env=env, seconds=NETWORK_SECONDS)
    now = git("rev-parse", REF, root=HERE)
    if now != head:
        raise LockError(
            f"{branch} has moved on to {now[:12]}.", where=branch, next="nothing: its own run follows"
        )


def _write_commit(files: dict[str, bytes], head: str) -> str:
    """Return a new commit on `head` with these files. It uses an index of its own and no work tree."""
    with tempfile.TemporaryDirectory() as scratch:
        env = {"GIT_INDEX_FILE": str(Path(scratch, "index")), **_identity()}
        git("read-tree", head, root=HERE, env=env)
        for number, (name, data) in enumerate(files.items()):
            content = Path(scratch, str(number))
            content.write_bytes(data)
            oid = git("hash-object", "-w", "--no-filters", str(content), root=HERE, env=env)
            git("update-index", "--add", "--cacheinfo", f"100644,{oid},{name}", root=HERE, env=env)
        tree = git("write-tree", root=HERE, env=env)
        return git("commit-tree", tree, "-p", head, "-m", SUBJECT, root=HERE, env=env)


def _identity() -> dict[str, str]:
    """Return the variables that name the author: the account of the token that pushes."""
    name, mail = os.environ.get("LOCK_AUTHOR_NAME", BOT), os.environ.get("LOCK_AUTHOR_EMAIL", BOT_MAIL)
    return {
        f"GIT_{role}_{part}": value
        for role in ("AUTHOR", "COMMITTER")
        for part, value in (("NAME", name), ("EMAIL", mail))
    }


def _check_commit(commit: str, head: str, expected: set[str]) -> None:
    """Refuse a commit that differs from its parent in anything but the checked files."""
    names = git("diff", "--name-only", "-z", "--no-renames", head, commit, root=HERE).split("\0")
    changed = set(names) - {""}
    if changed != expected:
        raise refuse("the commit would change other files.", ", ".join(sorted(changed ^ expected)))


def push(commit: str, head: str, branch: str, remote: str, env: dict[str, str]) -> None:
    """Push the commit only if the branch has not moved."""
    lease = f"--force-with-lease=refs/heads/{branch}:{head}"
    refspec = f"{commit}:refs/heads/{branch}"
    git("push", "--quiet", "--no-verify", lease, remote, refspec, root=HERE, env=env, seconds=NETWORK_SECONDS)
