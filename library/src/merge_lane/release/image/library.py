"""The library in the image: a wheel, which `library/` builds, or which the serving lock names."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING

from merge_lane.errors import ReleaseError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

LIBRARY, VENDOR = "library", "vendor"
LOCK = "requirements/serve.txt"
BUILDER = "build_backend.py"
AROUND = ("pyproject.toml", "README.md", "LICENSE", "CHANGELOG.md", BUILDER)
"""Files of `library/` next to its package that a build reads."""

PINNED = re.compile(r"^merge[-_.]lane\b", re.IGNORECASE | re.MULTILINE)
VERSION = re.compile(r"__version__ = \"([^\"]+)\"")
BUILD_SECONDS = 120


def files(root: Path) -> Iterator[Path]:
    """Yield the files of the project from which the image's library comes; none where an index has it."""
    if (root / LIBRARY).is_dir():
        yield from (path for name in AROUND if (path := root / LIBRARY / name).is_file())
        yield from (path for path in (root / LIBRARY / "src").rglob("*") if path.is_file())
    else:
        yield from (root / VENDOR).glob("merge_lane-*.whl")


def provide(root: Path, target: Path) -> None:
    """Put what installs the library into `target`, where the serving lock does not name it.

    Raises ReleaseError where the project has no library at all, or where its wheel cannot be built.
    """
    target.mkdir(parents=True)
    source = root / LIBRARY
    if not source.is_dir():
        if PINNED.search((root / LOCK).read_text(encoding="utf-8")):
            return
        raise ReleaseError(
            f"{LOCK} does not name merge-lane, and there is no {LIBRARY}/: the image would not start.",
            where=str(root / LOCK),
            next="restore that file with git, or run `make requirements`",
        )
    if (source / BUILDER).is_file():
        _build(source / BUILDER, target)
    else:
        _copy(source, target / "source")


def version(root: Path) -> str | None:
    """Return the version of the library in `library/`; None where the serving lock names it."""
    path = root / LIBRARY / "src/merge_lane/version.py"
    match = VERSION.search(path.read_text(encoding="utf-8")) if path.is_file() else None
    return match[1] if match else None


def _build(builder: Path, target: Path) -> None:
    """Build the wheel: it needs the standard library only, and gives the same bytes on every machine."""
    command = [sys.executable, str(builder), str(target)]
    process = subprocess.run(command, capture_output=True, text=True, check=False, timeout=BUILD_SECONDS)
    if process.returncode:
        lines = process.stderr.strip().splitlines() or ["no message"]
        raise ReleaseError(
            f"The wheel of the library cannot be built: {lines[-1]}",
            where=str(builder),
            next=f"run it by hand: python {LIBRARY}/{BUILDER} tmp",
        )


def _copy(source: Path, target: Path) -> None:
    """Copy the source, to be built inside the image's build."""
    leave = shutil.ignore_patterns("__pycache__", "*.egg-info")
    shutil.copytree(source / "src", target / "src", ignore=leave)
    for name in AROUND:
        if (source / name).is_file():
            shutil.copyfile(source / name, target / name)
