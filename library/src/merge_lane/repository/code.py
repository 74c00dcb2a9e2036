"""The code of a commit: the project's own package, and the library that this commit depends on.

In the library's own repository the library is `library/src`; in a project it is a wheel in `vendor/`. Here
both become the same two folders, which a process imports from before anything that is installed. Where a
commit holds neither, its locks name the library, and the installed one stands in only where it is that one
(`pin`).
"""

from __future__ import annotations

import io
import os
import shutil
import tarfile
import zipfile
from typing import TYPE_CHECKING

from merge_lane.errors import ReviewError
from merge_lane.project import PACKAGE_VARIABLE, declared
from merge_lane.repository import pin
from merge_lane.repository.git import git, git_bytes

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

PROJECT, LIBRARY, WHEELS = "src", "library/src", "vendor"
WHEEL = "merge_lane-*.whl"
MEMBERS = (PROJECT, LIBRARY, WHEELS, "pyproject.toml", *pin.LOCKS)


def unpack(root: Path, revision: str, target: Path) -> Path:
    """Write the code of `revision` to `target`, whole or not at all, and return `target`.

    An existing `target` is kept: a revision never changes. Raises ReviewError where the revision has no code
    of a project, or where it needs a library that is neither in the revision nor installed.
    """
    if target.is_dir():
        return target
    part = target.with_name(f".{target.name}.part")
    shutil.rmtree(part, ignore_errors=True)
    part.mkdir(parents=True)
    tree = git("ls-tree", "-r", "--name-only", "-z", revision, root=root).split("\0")
    members = [member for member in MEMBERS if _has(tree, member)]
    if PROJECT not in members:
        raise ReviewError(
            f"{revision[:12]} has no {PROJECT}.", where="git archive", next="name a commit of this project"
        )
    packed = git_bytes("archive", "--format=tar", revision, *members, root=root)
    with tarfile.open(fileobj=io.BytesIO(packed)) as archive:
        archive.extractall(part, filter="data")
    for wheel in (part / WHEELS).glob(WHEEL):
        zipfile.ZipFile(wheel).extractall(part / LIBRARY)  # noqa: S202 - a file of this repository's own history
    shutil.rmtree(part / WHEELS, ignore_errors=True)
    if not (part / LIBRARY).is_dir():
        pin.check(part, revision)
    part.replace(target)
    return target


def _has(tree: list[str], member: str) -> bool:
    return any(path == member or path.startswith(f"{member}/") for path in tree)


def folders(code: Path) -> Iterator[Path]:
    """Yield the folders of a checkout, or of an unpacked revision, that a process must import from first."""
    yield from (folder for name in (PROJECT, LIBRARY) if (folder := code / name).is_dir())


def environment(code: Path) -> dict[str, str]:
    """Return the variables with which a process runs the code in `code`, and no other."""
    variables = {"PYTHONPATH": os.pathsep.join(str(folder.resolve()) for folder in folders(code))}
    package = declared(code / "pyproject.toml")
    return variables | ({PACKAGE_VARIABLE: package} if package else {})
