"""Markdown that nothing can break out of: the one escaper of cells for reports, model card and data page.

Backticks cannot hold hostile text in a table (a pipe ends the cell), so it is put into `<code>`. All
characters but letters, digits and a few harmless ones become numeric references, which have no structure.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

MAX_TEXT = 200

HARMLESS = re.compile(r"[A-Za-z0-9 +%,;()=\]']|(?<=\w)[_-](?=\w)|[.:](?= )|\.(?=\d)|(?:^|(?<=[\[ ]))-(?=\d)")
INVISIBLE = re.compile(r"[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]")


def escape(text: str, limit: int = MAX_TEXT) -> str:
    """Return text that renders as itself anywhere in Markdown, on one line, cut after `limit` characters."""
    shown = INVISIBLE.sub(" ", text)
    shown = shown if len(shown) <= limit else shown[: limit - 1] + "…"
    return "".join(_character(shown, index) for index in range(len(shown)))


def _character(text: str, index: int) -> str:
    if HARMLESS.match(text, index):
        return text[index]
    # A word joiner after @: GitHub looks for mentions and addresses after it has resolved references.
    return f"&#{ord(text[index])};" + ("&#8288;" if text[index] == "@" else "")


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
    rule = ["---:" if column in right else "---" for column in range(len(head))]
    return [f"| {' | '.join(row)} |" for row in (head, rule, *rows)]
