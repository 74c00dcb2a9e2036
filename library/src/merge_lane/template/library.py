"""The library of a project: a locked wheel in vendor/, or its source in library/ after `eject`."""

from __future__ import annotations

import shutil
import tempfile
import zipfile
from pathlib import Path

from merge_lane.errors import UpdateError
from merge_lane.system.files import atomic_path
from merge_lane.template import pins

FOLDER = "library"
PACKAGE = "merge_lane/"
OUTSIDE = "merge_lane/_source/"
"""Where a wheel carries the files that lie outside `src/` in the source."""


def is_ejected(root: Path) -> bool:
    """Return whether the project holds the library's source."""
    return (root / FOLDER).is_dir()


def wheel(root: Path) -> Path:
    """Return the project's wheel. Raises UpdateError where there is none, or more than one."""
    wheels = sorted((root / pins.WHEELS).glob(pins.WHEEL))
    if len(wheels) != 1:
        raise UpdateError(
            f"There are {len(wheels)} wheels of merge-lane, and one is needed.",
            where=f"{pins.WHEELS}/{pins.WHEEL}",
            next=f"restore the folder: `git checkout {pins.WHEELS}`",
        )
    return wheels[0]


def eject(root: Path) -> str:
    """Put the library's source into `library/`, remove the wheel and its pins; return the version.

    Raises UpdateError where the source is there already or the wheel is missing.
    """
    if is_ejected(root):
        raise UpdateError(
            "The library's source is in this project already.",
            where=f"{FOLDER}/",
            next="change it there; `make setup` installs it",
        )
    packed = wheel(root)
    with tempfile.TemporaryDirectory(dir=root, prefix=f".{FOLDER}.") as directory:
        folder = Path(directory, FOLDER)
        unpack(packed, folder)
        folder.replace(root / FOLDER)
    remove(root)
    return pins.version_of(packed.name)


def unpack(packed: Path, folder: Path) -> None:
    """Write the source that a wheel holds, as the library's own repository has it."""
    with zipfile.ZipFile(packed) as archive:
        for name in archive.namelist():
            if not name.startswith(PACKAGE):
                continue
            outside = name.startswith(OUTSIDE)
            target = folder / (name[len(OUTSIDE) :] if outside else f"src/{name}")
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(archive.read(name))


def remove(root: Path) -> None:
    """Remove the wheel and its lines in the locks."""
    _write_locks(root, "")
    shutil.rmtree(root / pins.WHEELS, ignore_errors=True)


def put(root: Path, name: str, data: bytes) -> None:
    """Make this wheel the project's only one, and lock it."""
    shutil.rmtree(root / pins.WHEELS, ignore_errors=True)
    with atomic_path(root / pins.WHEELS / name) as path:
        path.write_bytes(data)
    _write_locks(root, pins.pin_of(root / pins.WHEELS / name))


def _write_locks(root: Path, pin: str) -> None:
    for name in pins.LOCKS:
        if (root / name).exists():
            text = (root / name).read_text(encoding="utf-8")
            with atomic_path(root / name) as path:
                path.write_text(pins.pinned(text, pin) if pin else pins.unpinned(text), encoding="utf-8")
