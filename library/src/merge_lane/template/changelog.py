"""The library's changelog: the part that an update brings."""

from __future__ import annotations

import re
import zipfile
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

MEMBER = "merge_lane/_source/CHANGELOG.md"
HEADING = re.compile(r"^## ", re.MULTILINE)


def of_wheel(wheel: Path) -> str:
    """Return the changelog inside a wheel."""
    with zipfile.ZipFile(wheel) as archive:
        return archive.read(MEMBER).decode()


def since(text: str, version: str) -> str:
    """Return the sections above the one of `version`; all sections where no heading names it."""
    sections = HEADING.split(text)[1:]
    newer: list[str] = []
    for section in sections:
        if section.split(maxsplit=1)[0] == version:
            break
        newer.append(f"### {section.strip()}")
    return "\n\n".join(newer)
