"""What belongs to the example alone, and goes when the project adopts a table of its own."""

from __future__ import annotations

import re
from pathlib import Path

from merge_lane import settings

MARK = "pytestmark = pytest.mark.example"
"""A line that marks all tests of a file as tests of the example."""

OUTPUTS = (Path("dvc.lock"), Path("models"), Path("reports"), Path("data/raw"))
"""Whatever was made from the previous data."""

PYPROJECT, LOCK = Path("pyproject.toml"), Path("requirements/all.txt")


def tests(root: Path) -> list[Path]:
    """Return the files of marked tests, relative to `root`."""
    files = sorted((root / "tests").rglob("*.py"))
    return [path.relative_to(root) for path in files if MARK in path.read_text(encoding="utf-8").splitlines()]


def files(root: Path) -> list[Path]:
    """Return every file and folder of the previous data that is there, relative to `root`."""
    return [*(path for path in OUTPUTS if (root / path).exists()), *tests(root)]


def without_package(root: Path) -> dict[Path, str]:
    """Return the lists of packages without the one that params.yaml names as the source, where it does."""
    name = settings.load(root / "params.yaml").data.source
    if not re.fullmatch(r"[A-Za-z0-9_.-]+", name):
        return {}
    package = re.escape(name)
    patterns = {PYPROJECT: rf'.*"{package}==.*\n', LOCK: rf"(?m)^{package}==.*\n(?:    .*\n)*"}
    return {
        path: re.sub(pattern, "", (root / path).read_text(encoding="utf-8"))
        for path, pattern in patterns.items()
    }
