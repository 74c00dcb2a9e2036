"""Runs a step as a workflow does that has installed nothing: the system's Python and the library's source."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

SOURCE = Path(__file__).parents[2] / "src"


def run(
    module: str, cwd: Path, environment: dict[str, str], library: Path = SOURCE
) -> subprocess.CompletedProcess[str]:
    """Run a module of merge_lane.forge without any installed package."""
    return subprocess.run(
        [sys.executable, "-S", "-m", f"merge_lane.forge.{module}"],
        cwd=cwd,
        env={**os.environ, "PYTHONSAFEPATH": "1", **environment, "PYTHONPATH": str(library)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
