"""The report as one comment: sections that are cut, rows first, to what GitHub accepts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

LIMIT = 65_536
"""GitHub refuses a longer comment."""
ROOM = 1_000
"""Kept free for the notes on what was cut, and for what the posting adds."""


@dataclass(frozen=True)
class Section:
    """A part of the report that stands alone. Lines after the first `fixed` are rows that may be cut."""

    title: str
    lines: Sequence[str]
    fixed: int = 0
    folded: bool = False
    keep: bool = False

    def render(self, rows: int | None = None) -> str:
        """Return the section, with at most `rows` of its rows and a note on the rest."""
        shown = list(self.lines)
        cuttable = len(shown) - self.fixed if self.fixed else 0
        if rows is not None and cuttable > rows:
            shown = [*shown[: self.fixed + rows], "", f"… and {cuttable - rows} more: see report.html."]
        body = "\n".join(shown)
        if self.folded:
            return f"<details><summary>{self.title}</summary>\n\n{body}\n\n</details>"
        return f"### {self.title}\n\n{body}" if self.title else body


ROW_STEPS: tuple[int | None, ...] = (None, 100, 40, 15, 5)


def assemble(sections: Sequence[Section], limit: int = LIMIT) -> str:
    """Join the sections to fewer than `limit` characters: rows are cut first, then sections, with a note.

    Sections marked `keep` (the verdict) always stay.
    """
    room = limit - ROOM
    for rows in ROW_STEPS:
        text = "\n\n".join(section.render(rows) for section in sections)
        if _size(text) <= room:
            return text + "\n"
    return _without_the_last(sections, room)


def _without_the_last(sections: Sequence[Section], room: int) -> str:
    rendered = [(section, section.render(ROW_STEPS[-1])) for section in sections]
    while _size(_joined(rendered)) > room:
        last = next((i for i in reversed(range(len(rendered))) if not rendered[i][0].keep), None)
        if last is None:
            break
        del rendered[last]
    cut = len(sections) - len(rendered)
    return f"{_joined(rendered)}\n\n{cut} section(s) did not fit in one comment: see report.html.\n"


def _joined(rendered: Sequence[tuple[Section, str]]) -> str:
    return "\n\n".join(text for _, text in rendered)


def _size(text: str) -> int:
    """Return the length in bytes, which are never fewer than characters."""
    return len(text.encode())
