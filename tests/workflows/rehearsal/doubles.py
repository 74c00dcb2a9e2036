"""Doubles of other people's actions: which inputs they take, and what they do to the workspace."""

from __future__ import annotations

import shutil
import subprocess
from dataclasses import dataclass
from typing import TYPE_CHECKING

from workflows.rehearsal.expressions import RehearsalError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from workflows.rehearsal.engine import Job

Inputs = dict[str, str]


@dataclass(frozen=True)
class Double:
    """The inputs that a workflow may give, and what stands for the action."""

    inputs: frozenset[str]
    act: Callable[[Job, Inputs], dict[str, str]]


def checkout(job: Job, given: Inputs) -> dict[str, str]:
    """Fetch by commit or branch from the bare repository; no credential is left behind."""
    if given.get("persist-credentials") != "false":
        raise RehearsalError("checkout would leave the token in .git/config")
    ref, every = given.get("ref") or job.run.sha, given.get("fetch-depth") == "0"
    clean(job.workspace)
    git = ["git", "-C", str(job.workspace)]
    subprocess.run([*git, "init", "--quiet", "-b", "none"], check=True)
    subprocess.run([*git, "remote", "add", "origin", str(job.world.origin)], check=True)
    branch = f"+refs/heads/{ref}:refs/remotes/origin/{ref}"
    wanted = ["+refs/heads/*:refs/remotes/origin/*"] if every else []
    wanted.append(ref if len(ref) == 40 else branch)
    subprocess.run([*git, "fetch", "--quiet", "--no-tags", "origin", *wanted], check=True)
    target = ref if len(ref) == 40 else f"refs/remotes/origin/{ref}"
    subprocess.run([*git, "checkout", "--quiet", "--detach", target], check=True)
    return {"commit": subprocess.check_output([*git, "rev-parse", "HEAD"], text=True).strip()}


def clean(directory: Path) -> None:
    for entry in directory.iterdir():
        shutil.rmtree(entry) if entry.is_dir() and not entry.is_symlink() else entry.unlink()


def cache(job: Job, given: Inputs) -> dict[str, str]:
    """Restore by key, then by prefix, from this ref or the default branch; save after a success."""
    scopes = (job.run.ref, "refs/heads/main")
    prefixes = [given["key"], *(given.get("restore-keys") or "").split()]
    target = job.workspace / given["path"]
    for prefix in prefixes:
        found = [d for ref, key, d in job.world.caches if ref in scopes and key.startswith(prefix)]
        if found:
            shutil.copytree(found[-1], target, dirs_exist_ok=True)
            break

    def save() -> None:
        kept = job.world.root / f"cache-{len(job.world.caches)}"
        shutil.copytree(target, kept)
        job.world.caches.append((job.run.ref, given["key"], kept))

    job.at_end.append(save)
    return {}


def files_under(path: Path) -> dict[str, bytes]:
    """Return files by name; what is hidden is left out, as the real action does."""
    if path.is_file():
        return {path.name: path.read_bytes()}
    found = (p for p in sorted(path.rglob("*")) if p.is_file())
    return {
        p.relative_to(path).as_posix(): p.read_bytes()
        for p in found
        if not any(part.startswith(".") for part in p.relative_to(path).parts)
    }


def upload(job: Job, given: Inputs) -> dict[str, str]:
    path = job.workspace / given["path"]
    files = files_under(path) if path.exists() else {}
    if not files:
        if given.get("if-no-files-found") == "error":
            raise StepFailedError(f"no files found at {given['path']}")
        return {}
    name = path.name if given.get("archive") == "false" else given.get("name", "artifact")
    if name in job.world.artifacts.get(job.run.id, {}) and given.get("overwrite") != "true":
        raise StepFailedError(f"an artefact called {name} exists")
    job.world.upload(job.run.id, name, files)
    return {}


def download(job: Job, given: Inputs) -> dict[str, str]:
    run_id = int(given.get("run-id") or job.run.id)
    if run_id != job.run.id:
        permissions = job.world.github.tokens.get(given.get("github-token", ""), {})
        if permissions.get("actions") not in ("read", "write"):
            raise StepFailedError("403: reading another run needs actions: read")
    try:
        files = job.world.artifacts[run_id][given["name"]]
    except KeyError:
        raise StepFailedError(f"no artefact called {given['name']} in run {run_id}") from None
    for name, data in files.items():
        target = job.workspace / given["path"] / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(data)
    return {}


def app_token(job: Job, given: Inputs) -> dict[str, str]:
    if not given["private-key"]:
        raise StepFailedError("no private key")
    prefix = "permission-"
    granted = {name.removeprefix(prefix): value for name, value in given.items() if name.startswith(prefix)}
    return {"token": job.world.token(granted)}


def nothing(_job: Job, _given: Inputs) -> dict[str, str]:
    return {}


class StepFailedError(Exception):
    """The action fails, and with it the step."""


def double(act: Callable[[Job, Inputs], dict[str, str]], *inputs: str) -> Double:
    return Double(frozenset(inputs), act)


DOUBLES = {
    "actions/cache": double(cache, "path", "key", "restore-keys"),
    "actions/checkout": double(checkout, "ref", "fetch-depth", "persist-credentials", "path"),
    "actions/create-github-app-token": double(
        app_token, "app-id", "private-key", "permission-contents", "permission-pull-requests"
    ),
    "actions/download-artifact": double(download, "name", "path", "run-id", "github-token"),
    "actions/setup-node": double(nothing, "node-version", "package-manager-cache"),
    "actions/setup-python": double(nothing, "python-version"),
    "actions/upload-artifact": double(
        upload,
        "name",
        "path",
        "if-no-files-found",
        "overwrite",
        "retention-days",
        "compression-level",
        "archive",
        "include-hidden-files",
    ),
    "astral-sh/setup-uv": double(nothing, "enable-cache", "cache-dependency-glob"),
    "aws-actions/configure-aws-credentials": double(nothing, "role-to-assume", "aws-region"),
    "hashicorp/setup-terraform": double(nothing, "terraform_version", "terraform_wrapper"),
}
