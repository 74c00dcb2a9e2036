"""The library's code that a stage runs: the modules that it imports, without comments and docstrings.

Everything works on text, so it is the same for a source tree, a wheel and an installed package, and on each
supported Python: only positions of tokens are used, never a dump of a syntax tree.
"""

from __future__ import annotations

import ast
import io
import tokenize
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

Sources = dict[str, str]
"""Modules by their full name, with their text; a package's text is that of its `__init__.py`."""

BLOCK_STARTS = {"FSTRING_START", "TSTRING_START"}  # since Python 3.12 an f-string is several tokens
BLOCK_ENDS = {"FSTRING_END", "TSTRING_END"}


def closure(starts: Iterable[str], sources: Mapping[str, str]) -> set[str]:
    """Return the modules `starts` and every module that they import, directly or through others.

    Imports inside functions count, those under `if TYPE_CHECKING` do not. A module's parent packages run
    with it. Names that are not in `sources` belong to other libraries, and are left out.
    """
    seen: set[str] = set()
    waiting = [name for start in starts for name in _lineage(start)]
    while waiting:
        module = waiting.pop()
        if module in sources and module not in seen:
            seen.add(module)
            waiting += imports(sources[module], module, sources)
    return seen


def imports(text: str, module: str, sources: Mapping[str, str]) -> list[str]:
    """Return every module in `sources` that the text of `module` imports when it runs, and their packages."""
    names = _imported_names(_parsed(text), module, sources)
    return [parent for name in names for parent in _lineage(name) if parent in sources]


def _lineage(module: str) -> Iterator[str]:
    """Yield a module's name and the names of its parent packages."""
    parts = module.split(".")
    yield from (".".join(parts[:length]) for length in range(1, len(parts) + 1))


def _imported_names(tree: ast.AST, module: str, sources: Mapping[str, str]) -> Iterator[str]:
    """Yield the names that a module imports when it runs; a name from a package may be its module."""
    for node in _running(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            origin = _origin(node, module, sources)
            yield origin
            yield from (f"{origin}.{alias.name}" for alias in node.names)


@cache
def _parsed(text: str) -> ast.Module:
    """Parse once: the stages share most modules."""
    return ast.parse(text)


def _origin(node: ast.ImportFrom, module: str, sources: Mapping[str, str]) -> str:
    """Return the module that a `from` names; dots count upwards from the package."""
    if not node.level:
        return node.module or ""
    is_package = any(name.startswith(f"{module}.") for name in sources)
    parts = module.split(".")[: None if is_package else -1]
    package = parts[: len(parts) - node.level + 1]
    return ".".join([*package, *([node.module] if node.module else [])])


def _running(tree: ast.AST) -> Iterator[ast.AST]:
    """Yield every node but those that only a type checker sees."""
    waiting: list[ast.AST] = [tree]
    while waiting:
        node = waiting.pop()
        yield node
        hidden = isinstance(node, ast.If) and _is_type_checking(node.test)
        waiting += node.orelse if hidden and isinstance(node, ast.If) else ast.iter_child_nodes(node)


def _is_type_checking(test: ast.expr) -> bool:
    name = test.id if isinstance(test, ast.Name) else test.attr if isinstance(test, ast.Attribute) else ""
    return name == "TYPE_CHECKING"


def function(name: str, text: str) -> str:
    """Return the text of a top-level function without its decorators. Raises KeyError where there is none."""
    for node in _parsed(text).body:
        if isinstance(node, ast.FunctionDef) and node.name == name:
            return "".join(_lines(text)[node.lineno - 1 : node.end_lineno])
    raise KeyError(name)


@cache
def code(text: str) -> str:
    """Return Python source without comments, docstrings, blank lines and spaces at the end of lines."""
    lines = _lines(text)
    tokens = list(tokenize.generate_tokens(io.StringIO(text).readline))
    docstrings = list(_docstrings(_parsed(text), lines))
    inside = _lines_that_end_in_a_string(tokens)
    inside -= {line for first, last in docstrings for line in range(first[0], last[0])}
    for first, last in sorted([*_comments(tokens), *docstrings], reverse=True):
        _cut(lines, first, last)
    kept = (
        line if number in inside else line.rstrip() + "\n"
        for number, line in enumerate(lines, start=1)
        if number in inside or line.strip()
    )
    return "".join(kept)


def _lines(text: str) -> list[str]:
    """Return lines as Python counts them: str.splitlines also ends one at a form feed."""
    return io.StringIO(text).readlines()


Position = tuple[int, int]
"""Line from 1, column in characters from 0."""


def _cut(lines: list[str], first: Position, last: Position) -> None:
    """Blank the text between two positions; the number of lines stays."""
    (top, left), (bottom, right) = first, last
    tail = lines[bottom - 1][right:]
    lines[top - 1] = lines[top - 1][:left] + (tail if top == bottom else "\n")
    if top != bottom:
        lines[top : bottom - 1] = ["\n"] * (bottom - top - 1)
        lines[bottom - 1] = tail


def _comments(tokens: list[tokenize.TokenInfo]) -> Iterator[tuple[Position, Position]]:
    yield from ((token.start, token.end) for token in tokens if token.type == tokenize.COMMENT)


def _docstrings(tree: ast.AST, lines: list[str]) -> Iterator[tuple[Position, Position]]:
    """Yield where strings are statements of their own: docstrings, and the same below a constant."""
    for node in ast.walk(tree):
        if not (isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)):
            continue
        if isinstance(node.value.value, str) and node.end_lineno and node.end_col_offset is not None:
            first, last = (node.lineno, node.col_offset), (node.end_lineno, node.end_col_offset)
            yield _characters(first, lines), _characters(last, lines)


def _characters(position: Position, lines: list[str]) -> Position:
    """Turn a column in bytes, as syntax trees have it, into one in characters."""
    line, column = position
    return line, len(lines[line - 1].encode()[:column].decode())


def _lines_that_end_in_a_string(tokens: list[tokenize.TokenInfo]) -> set[int]:
    """Return the lines whose end belongs to a string of several lines: their spaces are values."""
    lines: set[int] = set()
    starts: list[int] = []
    for token in tokens:
        kind = tokenize.tok_name[token.type]
        if kind in BLOCK_STARTS:
            starts.append(token.start[0])
        first = starts.pop() if kind in BLOCK_ENDS else token.start[0]
        if token.type == tokenize.STRING or kind in BLOCK_ENDS:
            lines.update(range(first, token.end[0]))
    return lines
