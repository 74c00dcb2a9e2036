"""All that a version needs to run, put aside: the bundle, the code that it was made with, the manifest.

Nothing that happens to the work tree later reaches what is served, and a rollback brings the former code
back with the former model.
"""

from __future__ import annotations

import io
import json
import shutil
import tarfile
from typing import TYPE_CHECKING

from merge_lane.errors import ReleaseError
from merge_lane.files import digest
from merge_lane.release.manifest import git_bytes
from merge_lane.review.base import Base

if TYPE_CHECKING:
    from pathlib import Path

    from merge_lane.release.manifest import Release


def collect(root: Path, release: Release, home: Path) -> None:
    """Fill `home` with models/, src/ and release.json, whole or not at all; nothing if it is there.

    The bundle is the work tree's where that is the release's, else it comes from DVC's cache or remote.
    Whether it is what was reviewed the identity chain says. Raises ReviewError where it can't be had.
    """
    if home.exists():
        return
    part = home.with_name(f".{home.name}.part")
    shutil.rmtree(part, ignore_errors=True)
    part.mkdir(parents=True)
    _bundle(root, release, part / "models")
    _code(root, release, part)
    release.save(part / "release.json")
    part.replace(home)


def _bundle(root: Path, release: Release, target: Path) -> None:
    here = root / "models" / "manifest.json"
    if here.is_file() and digest(here) == release.model:
        shutil.copytree(root / "models", target, ignore=shutil.ignore_patterns(".gitignore"))
        return
    manifest = git_bytes(root, "show", f"{release.commit}:models/manifest.json")
    target.mkdir()
    (target / "manifest.json").write_bytes(manifest)
    base = Base(release.commit, root)
    for name in json.loads(manifest)["files"]:
        shutil.copyfile(base.fetch(f"models/{name}"), target / name)


def _code(root: Path, release: Release, part: Path) -> None:
    """Unpack the commit's `src`; a commit without one runs with the code that is installed."""
    try:
        packed = git_bytes(root, "archive", "--format=tar", release.commit, "src")
    except ReleaseError:
        return
    with tarfile.open(fileobj=io.BytesIO(packed)) as archive:
        archive.extractall(part, filter="data")
