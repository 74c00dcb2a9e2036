"""Prints which lines would not pass the lint of a project with another name, or breaks them.

    python template-only/fit_names.py [--check]

The length of a name moves line ends. With --check, copies of the tree are linted under the shortest and
the longest name. Without it, the tree is formatted under the longest name and the live names are put back.
The lines that still fail need a person: add a comma at the end of a broken list, or shorten a text.
"""

from __future__ import annotations

import argparse
import runpy
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).parents[1]
LIVE = ("flight_board", "flight-board", "Flight Board", "FLIGHT_BOARD")
LONGEST = 30


def named(length: int) -> dict[str, str]:
    """Return live name -> another of `length` characters, each in a form of its own."""
    word = "z" * length
    return dict(zip(LIVE, (word, word[:-1] + "-", word[:-1] + " ", word.upper()), strict=True))


def files() -> list[Path]:
    """Return the Python files that ship."""
    assembly = runpy.run_path(str(ROOT / "hooks" / "pre_prompt.py"))
    shipped = assembly["shipped"](assembly["live_files"](ROOT)).values()
    return [Path(path) for path in shipped if path.endswith(".py")]


def replaced(text: str, names: dict[str, str]) -> str:
    """Return `text` under other names."""
    for old, new in names.items():
        text = text.replace(old, new)
    return text


def rewrite(paths: list[Path], names: dict[str, str], into: Path = Path()) -> None:
    """Write every file under other names, in place or in another directory."""
    for path in paths:
        target = into / replaced(path.as_posix(), names) if into != Path() else path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(replaced(path.read_text(encoding="utf-8"), names), encoding="utf-8")


def check() -> int:
    """Lint copies under the shortest and the longest name; return the exit code."""
    failed = 0
    for length in (2, LONGEST):
        with tempfile.TemporaryDirectory() as directory:
            rewrite([*files(), Path("pyproject.toml")], named(length), Path(directory))
            ruff = ["ruff", "check", "--no-cache", "--quiet", "--output-format=concise", "."]
            failed |= subprocess.run(ruff, cwd=directory, check=False).returncode
            ruff = ["ruff", "format", "--no-cache", "--quiet", "--diff", "."]
            failed |= subprocess.run(ruff, cwd=directory, check=False).returncode
    if failed:
        print(
            "These lines pass here, but not in a project whose name is shorter or longer. "
            "`make -f template-only/Makefile fit` breaks them; the rest needs you.",
            file=sys.stderr,
        )
    return failed


def fit() -> int:
    """Format under the longest name, in place; put the live names back whatever happens."""
    paths, names = files(), named(LONGEST)
    rewrite(paths, names)
    try:
        subprocess.run(["ruff", "format", "--quiet", *paths], check=True)
    finally:
        rewrite(paths, {new: old for old, new in names.items()})
    subprocess.run(["ruff", "format", "--quiet", *paths], check=True)
    return check()


def main(argv: list[str] | None = None) -> int:
    """Check, or break what can be broken."""
    parser = argparse.ArgumentParser(description="Keep lines within bounds under every name.")
    parser.add_argument("--check", action="store_true", help="change nothing")
    return check() if parser.parse_args(argv).check else fit()


if __name__ == "__main__":
    sys.exit(main())
