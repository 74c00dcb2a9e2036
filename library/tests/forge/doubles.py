"""Doubles of merge-lane, dvc and Terraform: they record their calls, and end as a test says."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

PROGRAM = """\
#!{python}
import os, sys
name, words = os.path.basename(sys.argv[0]), sys.argv[1:]
with open({log!r}, "a") as log:
    log.write("\\t".join([name, *words]) + "\\n")
sys.exit({codes!r}.get(" ".join([name, *words[:1]]), 0))
"""


class Programs:
    """A folder of doubles, first on PATH; `codes` maps "merge-lane deploy" to the exit code of that verb."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.log = folder / "doubles", folder / "calls"
        self.path = f"{self.folder}{os.pathsep}{os.environ['PATH']}"
        self.folder.mkdir()

    def install(self, *names: str, folder: Path | None = None, **codes: int) -> None:
        """Write the doubles; `merge_lane__deploy=33` lets `merge-lane deploy` end with 33."""
        ends = {key.replace("__", " ").replace("_", "-"): code for key, code in codes.items()}
        for name in names:
            path = (folder or self.folder) / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(PROGRAM.format(python=sys.executable, log=str(self.log), codes=ends))
            path.chmod(0o755)

    def calls(self) -> list[list[str]]:
        """Return every call as the list of its words."""
        lines = self.log.read_text().splitlines() if self.log.exists() else []
        return [line.split("\t") for line in lines]
