"""Breaks the lines that would be too long, or too short to stay broken, under another package name.

Formats the tree under the longest name and puts the live names back. What `make lint` and the bakes still
refuse afterwards needs a person: a comma at the end of a broken list keeps it broken.
"""

import subprocess
import sys
from pathlib import Path

LONG = "q" * 30
NAMES = {
    "merge_lane": LONG,
    "merge-lane": LONG[:-1] + "-",
    "Merge Lane": LONG.upper()[:-1] + " ",
    "MERGE_LANE": LONG.upper(),
}


def replace(paths: list[Path], names: dict[str, str]) -> None:
    """Write every file with the names replaced."""
    for path in paths:
        text = path.read_text(encoding="utf-8")
        for old, new in names.items():
            text = text.replace(old, new)
        path.write_text(text, encoding="utf-8")


def main() -> int:
    """Format under the longest name, in place; put the names back whatever happens."""
    listed = subprocess.run(["git", "ls-files", "*.py"], check=True, capture_output=True, text=True)
    paths = [
        Path(line)
        for line in listed.stdout.splitlines()
        if "template" not in line and not line.startswith("hooks/")
    ]
    replace(paths, NAMES)
    try:
        subprocess.run(["ruff", "format", "--quiet", *paths], check=True)
        subprocess.run(["ruff", "check", "--exit-zero", "--output-format=concise", *paths], check=True)
    finally:
        replace(paths, {new: old for old, new in NAMES.items()})
    return subprocess.run(["ruff", "format", "--quiet", *paths], check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
