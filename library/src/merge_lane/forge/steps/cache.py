"""Carry DVC's cache between the jobs of a pull request.

With DVC_REMOTE, the address of a shared remote, DVC does it. Without one the cache travels as an archive in
tmp/handover, which the workflow uploads and downloads: no account and no secret is needed.
"""

from __future__ import annotations

import shutil
import tarfile
from pathlib import Path
from typing import TYPE_CHECKING

from merge_lane.forge import runner

if TYPE_CHECKING:
    from collections.abc import Iterator

ARCHIVE = Path("tmp/handover/dvc-cache.tar")
CACHE = Path(".dvc/cache")
LOCK = Path("tmp/lock")


def unpack() -> None:
    """Before the pipeline: take over the cache of an earlier run. Reads DVC_REMOTE."""
    remote = runner.optional("DVC_REMOTE")
    if remote:
        runner.run("dvc", "remote", "modify", "--local", "storage", "url", remote)
    if ARCHIVE.is_file():
        _extract()
        ARCHIVE.unlink()


def _extract() -> None:
    CACHE.mkdir(parents=True, exist_ok=True)
    try:
        with tarfile.open(ARCHIVE) as archive:
            archive.extractall(CACHE, members=_new(archive), filter="tar")
    except tarfile.TarError as error:
        raise runner.InputError(
            f"{ARCHIVE} is not an archive of DVC's cache: {error}.", next="run the job that made it again"
        ) from error


def _new(archive: tarfile.TarFile) -> Iterator[tarfile.TarInfo]:
    """Yield the files that the cache does not have; a file is named by its content. Links are left out."""
    for member in archive:
        if member.isfile() and not (CACHE / member.name).exists():
            yield member


def checkout() -> None:
    """Before the review: take over the cache, then put the reproduced lock and its files into the work tree.

    Reads DVC_REMOTE.
    """
    unpack()
    if LOCK.is_dir():
        shutil.copytree(LOCK, ".", symlinks=True, dirs_exist_ok=True)
    runner.run("dvc", "pull" if runner.optional("DVC_REMOTE") else "checkout", "--allow-missing")


def pack() -> None:
    """After the pipeline: leave the cache to the next job. Reads DVC_REMOTE."""
    ARCHIVE.parent.mkdir(parents=True, exist_ok=True)
    if runner.optional("DVC_REMOTE"):
        return
    if not CACHE.is_dir():
        raise runner.InputError(f"There is no {CACHE} to hand over.", next="run `merge-lane lock` first")
    with tarfile.open(ARCHIVE, "w") as archive:
        archive.add(CACHE, arcname=".")
