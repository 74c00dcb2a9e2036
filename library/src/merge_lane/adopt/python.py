"""Values and names as Python source, formatted as the project's formatter writes it."""

from __future__ import annotations

import re
import subprocess
import sys
import unicodedata
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable

LINE = 110
EXACT_FLOAT = 2.0**53
"""Below this a float that is whole is written as a whole number."""


def literal(value: Any) -> str:
    """Return a value as Python source: text in double quotes, what cannot be printed as an escape."""
    if isinstance(value, str):
        return '"' + "".join(map(_character, value)) + '"'
    if isinstance(value, tuple):
        return f"({', '.join(map(literal, value))}{',' if len(value) == 1 else ''})"
    if isinstance(value, float) and value.is_integer() and abs(value) < EXACT_FLOAT:
        return str(int(value))
    return repr(value)


def _character(character: str) -> str:
    if character in '"\\':
        return f"\\{character}"
    if character.isprintable():
        return character
    code = ord(character)
    if code < 0x100:  # noqa: PLR2004 - two digits
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"  # noqa: PLR2004 - four digits


def in_docstring(text: str) -> str:
    """Return text that can stand in a docstring: on one line, without quotes and escapes, not too long."""
    plain = re.sub(r'["\\`]', "_", " ".join(text.split()))
    return "".join(c if c.isprintable() else "_" for c in plain)[:60]


def imported(module: str, names: Iterable[str], *, when: bool = True) -> str:
    """Return the import of names, or nothing."""
    return f"from {module} import {', '.join(names)}\n\n" if when else ""


def formatted(text: str) -> str:
    """Return Python source as the project's formatter writes it; as it is where the formatter is missing."""
    command = [sys.executable, "-m", "ruff", "format", "--stdin-filename", "adopted.py", "-"]
    result = subprocess.run(
        command, input=text, capture_output=True, text=True, encoding="utf-8", check=False
    )
    return _long_lines_allowed(result.stdout if result.returncode == 0 else text)


def _long_lines_allowed(text: str) -> str:
    """Return the text with a note at each line that only a long value makes too long."""
    return "\n".join(f"{line}  # noqa: E501" if _too_long(line) else line for line in text.split("\n"))


def _too_long(line: str) -> bool:
    """Return True where the linter complains: it allows a single word of any length."""
    return _width(line) > LINE and len(line.split()) > 1


def _width(line: str) -> int:
    """Return how many cells of a terminal a line takes, as the linter counts."""
    return sum(2 if unicodedata.east_asian_width(character) in "WF" else 1 for character in line)
