"""The team's own package: its contract, features and source, which pyproject.toml names."""

from __future__ import annotations

import os
import tomllib
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from merge_lane.errors import ProjectError

if TYPE_CHECKING:
    from types import ModuleType

PACKAGE_VARIABLE = "MERGE_LANE_PACKAGE"
"""Names the package where no pyproject.toml is: in a container, in a copy of a commit's code."""

DECLARATION = "pyproject.toml, [tool.merge-lane] package"


def package(root: Path | str = ".") -> str:
    """Return the name of the project's package. Raises ProjectError where nothing names one."""
    name = os.environ.get(PACKAGE_VARIABLE) or declared(Path(root) / "pyproject.toml")
    if not name:
        raise ProjectError(
            "No package of a project is declared here.",
            where=DECLARATION,
            next=f"run the command in the project's root, or set {PACKAGE_VARIABLE}",
        )
    return name


def declared(path: Path) -> str | None:
    """Return the package that a pyproject.toml declares; None without the file or the declaration."""
    try:
        tree: dict[str, Any] = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ProjectError(
            f"pyproject.toml is not TOML: {error}.",
            where=str(path),
            next="fix that line; `git diff pyproject.toml` shows what changed",
        ) from error
    name = tree.get("tool", {}).get("merge-lane", {}).get("package")
    return name if isinstance(name, str) and name else None


def contract() -> Any:
    """Return the pandera model `Contract` of the project's contract.py."""
    return module("contract").Contract


def features() -> ModuleType:
    """Return the project's features.py: `history` and `build`."""
    return module("features")


def source() -> ModuleType:
    """Return the project's source.py: `read`."""
    return module("source")


def module(name: str) -> ModuleType:
    """Import a module of the project's package. Raises ProjectError where the package has none."""
    full = f"{package()}.{name}"
    try:
        return import_module(full)
    except ModuleNotFoundError as error:
        if error.name not in (full, full.partition(".")[0]):
            raise
        raise ProjectError(
            f"There is no module {full}.",
            where=DECLARATION,
            next="run `make setup`, or correct the name of the package",
        ) from error
