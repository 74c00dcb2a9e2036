"""The release manifest, release.json: which model, data, code and image belong together, and who says so."""

from __future__ import annotations

import hashlib
import json
import os
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from merge_lane.errors import ReleaseError
from merge_lane.repository.git import ask, blob, commit_of, git
from merge_lane.system.files import read_json, write_json

if TYPE_CHECKING:
    from pathlib import Path

Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
Commit = Annotated[str, Field(pattern=r"^[0-9a-f]{40}$")]

RELEASE_FILE = "release.json"


class Release(BaseModel):
    """What is deployed, in hashes. `image` is the digest `sha256:…`, or None where no image is used."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    format: Literal[1] = 1
    commit: Commit
    model: Sha256
    data: Sha256
    contract: Sha256
    params: Sha256
    metrics: dict[str, Any]
    image: Annotated[str, Field(pattern=r"^sha256:[0-9a-f]{64}$")] | None = None
    by: str
    at: str

    @property
    def id(self) -> str:
        """Return the short name of the release: eight letters of the commit, eight of the model."""
        return f"{self.commit[:8]}-{self.model[:8]}"

    def save(self, path: Path | str = RELEASE_FILE) -> None:
        """Write the manifest whole or not at all."""
        write_json(path, self.model_dump())


def load(path: Path | str = RELEASE_FILE) -> Release:
    """Return the manifest in `path`. Raises ReleaseError when it is missing, not JSON, or incomplete."""
    try:
        return Release.model_validate(read_json(path))
    except FileNotFoundError as error:
        command = "make it with `merge-lane release`"
        raise _unreadable(path, "is not there", command) from error
    except (ValidationError, ValueError) as error:
        said, command = _first_problem(error), "make it again with `merge-lane release`"
        raise _unreadable(path, f"does not hold: {said}", command) from error


def _first_problem(error: Exception) -> str:
    if isinstance(error, ValidationError):
        entry = error.errors()[0]
        return f"{'.'.join(str(part) for part in entry['loc'])}: {entry['msg']}"
    return str(error)


def _unreadable(path: Path | str, said: str, mend: str) -> ReleaseError:
    return ReleaseError(f"The release manifest {path} {said}.", where=str(path), next=mend)


def make(root: Path, rev: str = "HEAD", *, image: str | None = None, by: str | None = None) -> Release:
    """Return the manifest of a revision, from the files that git holds: a release names a commit.

    Raises ReleaseError when one is missing, or when the work tree differs from HEAD and HEAD is asked for.
    """
    if rev == "HEAD":
        _refuse_dirty(root)
    commit = commit_of(rev, root=root)
    if commit is None:
        raise ReleaseError(
            f"There is no revision {rev} to release.",
            where=str(root),
            next="fetch it, or name another: --rev",
        )
    bundle = _committed(root, commit, "models/manifest.json")
    inputs = _json(bundle, "models/manifest.json").get("inputs", {})
    if not {"data", "contract"} <= set(inputs):
        raise _unreadable("models/manifest.json", "names no data and contract", "run `dvc repro`")
    return Release(
        commit=commit,
        model=_sha256(bundle),
        data=inputs["data"],
        contract=inputs["contract"],
        params=_sha256(_committed(root, commit, "params.yaml")),
        metrics=_json(_committed(root, commit, "reports/metrics.json"), "reports/metrics.json"),
        image=image,
        by=by or actor(root),
        at=now(),
    )


def _refuse_dirty(root: Path) -> None:
    changed = git("status", "--porcelain", "--untracked-files=no", root=root).splitlines()
    if changed:
        raise ReleaseError(
            f"The tree differs from its commit in {len(changed)} file(s), first {changed[0][3:]}.",
            where=str(root),
            next="commit or undo the changes: a release must be found again by its commit",
        )


def _committed(root: Path, commit: str, path: str) -> bytes:
    content = blob(commit, path, root=root)
    if content is None:
        raise ReleaseError(
            f"Commit {commit[:12]} has no {path}, so it cannot be released.",
            where=path,
            next="run `dvc repro` and commit the files that it names",
        )
    return content


def _json(data: bytes, path: str) -> dict[str, Any]:
    try:
        value = json.loads(data)
    except ValueError as error:
        raise _unreadable(path, f"is not JSON: {error}", "run `dvc repro`") from error
    if not isinstance(value, dict):
        raise _unreadable(path, "is not a JSON object", "run `dvc repro`")
    return value


def _sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def actor(root: Path) -> str:
    """Return who acts: the GitHub user in a workflow, else git's user name, else the system's."""
    named = os.environ.get("GITHUB_ACTOR")
    if named:
        return named
    return ask("config", "user.name", root=root) or os.environ.get("USER", "unknown")


def now() -> str:
    """Return the time in UTC, to the second."""
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
