"""The lines of a lock that name the library's wheel.

The template's assembly loads this file by itself: Python 3.8 or newer, the standard library only.
"""

from __future__ import annotations

import hashlib
import re
from pathlib import Path  # noqa: TC003 - nothing here is worth a second way to import

LIBRARY = "merge-lane"
LOCKS = ("requirements/all.txt", "requirements/serve.txt")
"""The locks that name the library."""

WHEELS = "vendor"
WHEEL = "merge_lane-*.whl"
PIN = re.compile(rf"^{LIBRARY}==\S+(?: \\\n +--hash=sha256:[0-9a-f]{{64}})*\n", re.MULTILINE)


def version_of(wheel: str) -> str:
    """Return the version that the name of a wheel states."""
    return wheel.rsplit("/", 1)[-1].split("-")[1]


def pin_of(wheel: Path) -> str:
    """Return the lines that lock the library to a wheel."""
    digest = hashlib.sha256(wheel.read_bytes()).hexdigest()
    return f"{LIBRARY}=={version_of(wheel.name)} \\\n    --hash=sha256:{digest}\n"


def pinned(lock: str, pin: str) -> str:
    """Return a lock with these lines, and no others of the library, at their place in the alphabet."""
    text = unpinned(lock)
    for match in re.finditer(r"^([A-Za-z0-9._-]+)==", text, re.MULTILINE):
        if match[1] > LIBRARY:
            return text[: match.start()] + pin + text[match.start() :]
    return text + pin


def unpinned(lock: str) -> str:
    """Return a lock without the lines of the library."""
    return PIN.sub("", lock)
