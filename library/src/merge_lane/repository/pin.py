"""The library that a commit's locks name, compared with the one that is installed.

A commit may hold the library neither as source nor as a wheel: its lock then names a version of an index, or
a revision of a git URL. The installed library may stand in for it only where it is that very one.
"""

from __future__ import annotations

import json
import re
from importlib.metadata import PackageNotFoundError, distribution
from typing import TYPE_CHECKING

from merge_lane.errors import ReviewError
from merge_lane.version import __version__

if TYPE_CHECKING:
    from pathlib import Path

LOCKS = ("requirements/serve.txt", "requirements/all.txt")
VERSION = re.compile(r"^merge[-_.]lane(?:\[[^\]]*\])?\s*==\s*([^\s;\\]+)", re.IGNORECASE | re.MULTILINE)
GIT = re.compile(
    r"^(?:merge[-_.]lane(?:\[[^\]]*\])?\s*@\s*)git\+\S+?@([^\s@;#\\]+)", re.IGNORECASE | re.MULTILINE
)


def check(root: Path, revision: str) -> None:
    """Accept the installed library for the code in `root`. Raises ReviewError where its locks name another.

    A commit whose locks name no library runs with the one that is installed.
    """
    pins = {pin for name in LOCKS if (root / name).is_file() for pin in _pins((root / name).read_text())}
    foreign = sorted(pins - _installed())
    if foreign:
        raise ReviewError(
            f"{revision[:12]} was made with merge-lane {foreign[0]}; merge-lane {__version__} is installed.",
            where=f"{revision[:12]}:{LOCKS[0]}",
            next=f"git switch --detach {revision[:12]} && make setup, then run the command again; "
            "or keep the library's wheel in vendor/",
        )


def _pins(lock: str) -> list[str]:
    return [*VERSION.findall(lock), *GIT.findall(lock)]


def _installed() -> set[str]:
    """Return what a lock may call the installed library: its version, its tag, its git commit."""
    names = {__version__, f"v{__version__}"}
    try:
        origin = json.loads(distribution("merge-lane").read_text("direct_url.json") or "{}")
    except PackageNotFoundError:
        return names
    source = origin.get("vcs_info", {})
    return names | {source[key] for key in ("commit_id", "requested_revision") if key in source}
