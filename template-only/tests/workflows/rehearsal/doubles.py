"""Doubles of other people's actions: which inputs they take, and what they do to the workspace."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from workflows.rehearsal.expressions import RehearsalError

if TYPE_CHECKING:
    from collections.abc import Callable

    from workflows.rehearsal.job import Job

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


def restore_cache(job: Job, given: Inputs) -> dict[str, str]:
    """Restore by key, then by prefix, from this ref or the default branch."""
    scopes = (job.run.ref, "refs/heads/main")
    for prefix in [given["key"], *(given.get("restore-keys") or "").split()]:
        found = [d for ref, key, d in job.world.caches if ref in scopes and key.startswith(prefix)]
        if found:
            shutil.copytree(found[-1], job.workspace / given["path"], dirs_exist_ok=True)
            return {"cache-hit": str(prefix == given["key"]).lower()}
    return {"cache-hit": ""}


def cache(job: Job, given: Inputs) -> dict[str, str]:
    """Restore; save after a success under a key that is new."""

    def save() -> None:
        kept = job.world.root / f"cache-{len(job.world.caches)}"
        shutil.copytree(job.workspace / given["path"], kept)
        job.world.caches.append((job.run.ref, given["key"], kept))

    outputs = restore_cache(job, given)
    if outputs["cache-hit"] != "true":
        job.at_end.append(save)
    return outputs


def files_of(workspace: Path, patterns: str) -> dict[str, bytes]:
    """Return files by their names in the artefact: below what the patterns have in common.

    What is hidden is left out, as the real action does.
    """
    roots = [workspace / line.strip() for line in patterns.splitlines() if line.strip()]
    found = [path for root in roots for path in sorted(root.parent.glob(root.name)) if path.exists()]
    files = [file for path in found for file in ([path] if path.is_file() else sorted(path.rglob("*")))]
    shared = Path(os.path.commonpath(roots)) if len(roots) > 1 else roots[0]
    base = shared if shared.is_dir() else shared.parent
    named = {file.relative_to(base): file for file in files if file.is_file()}
    return {
        name.as_posix(): file.read_bytes()
        for name, file in named.items()
        if not any(part.startswith(".") for part in name.parts)
    }


def upload(job: Job, given: Inputs) -> dict[str, str]:
    files = files_of(job.workspace, given["path"])
    if not files:
        if given.get("if-no-files-found") == "error":
            raise StepFailedError(f"no files found at {given['path']}")
        return {}
    name = Path(given["path"]).name if given.get("archive") == "false" else given.get("name", "artifact")
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
        target = job.workspace / given.get("path", "") / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(data)
    return {}


def app_token(job: Job, given: Inputs) -> dict[str, str]:
    if not given["private-key"]:
        raise StepFailedError("no private key")
    prefix = "permission-"
    granted = {name.removeprefix(prefix): value for name, value in given.items() if name.startswith(prefix)}
    return {"token": job.world.token(granted)}


def log_in(job: Job, given: Inputs) -> dict[str, str]:
    """Let the job's engine push to a registry; GitHub's takes the job's token for what it may do."""
    granted = job.world.github.tokens.get(given["password"], {})
    if given["registry"] != "ghcr.io" or granted.get("packages") not in ("read", "write"):
        raise StepFailedError("denied: the token may not use packages")
    if granted["packages"] == "write":
        job.env["LOGGED_IN"] = given["registry"]
    return {}


def attest(job: Job, given: Inputs) -> dict[str, str]:
    """Sign that the job's workflow file made a digest, or what is in it; one line each, no cryptography."""
    granted = job.granted()
    if granted.get("attestations") != "write" or granted.get("id-token") != "write":
        raise StepFailedError("attesting needs attestations: write and id-token: write")
    if not given["subject-digest"].startswith("sha256:"):
        raise StepFailedError(f"{given['subject-digest']!r} is no digest")
    kind = "https://slsa.dev/provenance/v1"
    if "sbom-path" in given:
        bill = json.loads((job.workspace / given["sbom-path"]).read_text())
        if not all(bill.get(key) for key in ("bomFormat", "serialNumber", "specVersion")):
            raise StepFailedError("unsupported bill of materials")
        kind = "https://cyclonedx.org/bom"
    repository = job.run.github()["repository"]
    signed = {
        "digest": given["subject-digest"],
        "repository": repository,
        "ref": job.run.ref,
        "workflow": f"{repository}/.github/workflows/{job.run.workflow['path'].name}",
        "kind": kind,
    }
    with (job.world.root / "attestations").open("a") as stream:
        stream.write(json.dumps(signed) + "\n")
    return {}


def assume(job: Job, given: Inputs) -> dict[str, str]:
    """Take a role by the job's identity: later steps find its keys in their environment."""
    if job.granted().get("id-token") != "write":
        raise StepFailedError("no identity: the job needs id-token: write")
    if not given["role-to-assume"] or not given["aws-region"]:
        raise StepFailedError("Input required and not supplied: role-to-assume and aws-region")
    job.world.roles.append((job.name, given["role-to-assume"]))
    region = given["aws-region"]
    job.env.update(job.world.cloud, AWS_REGION=region, AWS_DEFAULT_REGION=region)
    return {}


def log_in_to_ecr(job: Job, _given: Inputs) -> dict[str, str]:
    """Let the job's engine use the account's registry, by the role that was taken before."""
    if "AWS_REGION" not in job.env:
        raise StepFailedError("no credentials: a role must be taken first")
    registry = f"123456789012.dkr.ecr.{job.env['AWS_REGION']}.amazonaws.com"
    job.env["LOGGED_IN"] = ",".join(filter(None, (job.env.get("LOGGED_IN"), registry)))
    return {}


def nothing(_job: Job, _given: Inputs) -> dict[str, str]:
    return {}


class StepFailedError(Exception):
    """The action fails, and with it the step."""


def double(act: Callable[[Job, Inputs], dict[str, str]], *inputs: str) -> Double:
    return Double(frozenset(inputs), act)


DOUBLES = {
    "actions/attest": double(
        attest, "subject-name", "subject-digest", "sbom-path", "push-to-registry", "create-storage-record"
    ),
    "actions/cache": double(cache, "path", "key", "restore-keys"),
    "actions/cache/restore": double(restore_cache, "path", "key", "restore-keys"),
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
    "aws-actions/amazon-ecr-login": double(log_in_to_ecr),
    "aws-actions/configure-aws-credentials": double(
        assume, "role-to-assume", "aws-region", "role-duration-seconds"
    ),
    "docker/login-action": double(log_in, "registry", "username", "password"),
    "hashicorp/setup-terraform": double(nothing, "terraform_version", "terraform_wrapper"),
}
