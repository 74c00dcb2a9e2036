"""All that a version needs to run, put aside: the bundle, the code that it was made with, the manifest.

Nothing that happens to the work tree later reaches what is served, and a rollback brings the former code
back with the former model.
"""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING

from merge_lane.repository import code
from merge_lane.repository.git import git_bytes
from merge_lane.repository.revision import Base
from merge_lane.system.files import digest

if TYPE_CHECKING:
    from pathlib import Path

    from merge_lane.release.manifest import Release


def collect(root: Path, release: Release, home: Path) -> None:
    """Fill `home` with models/, code/ and release.json, whole or not at all; nothing if it is there.

    The bundle is the work tree's where that is the release's, else it comes from DVC's cache or remote.
    Whether it is what was reviewed the identity chain says. Raises ReviewError where it can't be had.
    """
    if home.exists():
        return
    part = home.with_name(f".{home.name}.part")
    shutil.rmtree(part, ignore_errors=True)
    part.mkdir(parents=True)
    _bundle(root, release, part / "models")
    code.unpack(root, release.commit, part / "code")
    release.save(part / "release.json")
    part.replace(home)


def _bundle(root: Path, release: Release, target: Path) -> None:
    here = root / "models" / "manifest.json"
    if here.is_file() and digest(here) == release.model:
        shutil.copytree(root / "models", target, ignore=shutil.ignore_patterns(".gitignore"))
        return
    manifest = git_bytes("show", f"{release.commit}:./models/manifest.json", root=root)
    target.mkdir()
    (target / "manifest.json").write_bytes(manifest)
    base = Base(release.commit, root)
    for name in json.loads(manifest)["files"]:
        shutil.copyfile(base.fetch(f"models/{name}"), target / name)
