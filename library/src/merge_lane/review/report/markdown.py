"""Markdown that nothing can break out of: text from names, values and branches is escaped to the last sign.

Backticks cannot hold hostile text in a table (a pipe ends the cell), so such text stands in `<code>`, every
sign but letters, digits and a few harmless ones as a numeric reference: references never have a structure.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

LIMIT = 65_536
"""GitHub refuses a longer comment."""
ROOM = 1_000
"""Kept free for the notes on what was cut, and for what the posting adds."""
MAX_TEXT = 200

HARMLESS = re.compile(r"[A-Za-z0-9 +%,;()=\]']|(?<=\w)[_-](?=\w)|[.:](?= )|\.(?=\d)|(?<=[\[ ])-(?=\d)")
INVISIBLE = re.compile(r"[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]")


def escape(text: str, limit: int = MAX_TEXT) -> str:
    """Return text that renders as itself anywhere in Markdown, on one line, cut after `limit` characters."""
    shown = INVISIBLE.sub(" ", text)
    shown = shown if len(shown) <= limit else shown[: limit - 1] + "…"
    return "".join(_sign(shown, place) for place in range(len(shown)))


def _sign(text: str, place: int) -> str:
    if HARMLESS.match(text, place):
        return text[place]
    # A word joiner after @: GitHub looks for mentions and addresses after it has resolved references.
    return f"&#{ord(text[place])};" + ("&#8288;" if text[place] == "@" else "")


def code(text: str, limit: int = MAX_TEXT) -> str:
    """Return hostile text as inline code."""
    return f"<code>{escape(text, limit)}</code>" if text else ""


def fence(text: str, language: str = "text") -> str:
    """Return a fenced block that its content cannot close."""
    content = "\n".join(INVISIBLE.sub(" ", line) for line in text.split("\n"))
    longest = max((len(run) for run in re.findall(r"`+", content)), default=0)
    bar = "`" * max(3, longest + 1)
    return f"{bar}{language}\n{content}\n{bar}"


def table(head: Sequence[str], rows: Iterable[Sequence[str]], numbers: Iterable[int] = ()) -> list[str]:
    """Return the lines of a table; cells must be escaped. Columns in `numbers` are aligned to the right."""
    right = set(numbers)
    rule = ["---:" if place in right else "---" for place in range(len(head))]
    return [f"| {' | '.join(row)} |" for row in (head, rule, *rows)]


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

    Sections marked `keep` (the verdict) stay whatever happens.
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
        place = next((i for i in reversed(range(len(rendered))) if not rendered[i][0].keep), None)
        if place is None:
            break
        del rendered[place]
    cut = len(sections) - len(rendered)
    return f"{_joined(rendered)}\n\n{cut} section(s) did not fit in one comment: see report.html.\n"


def _joined(rendered: Sequence[tuple[Section, str]]) -> str:
    return "\n\n".join(text for _, text in rendered)


def _size(text: str) -> int:
    """Count as whoever counts most: bytes are never fewer than characters."""
    return len(text.encode())
