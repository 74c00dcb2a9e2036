"""A small DVC project for tests: two months, a model in a directory, a manifest in git."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
BIN = Path(sys.executable).parent

PIPELINE = """\
stages:
  ingest:
    matrix:
      month: [a, b]
    cmd: mkdir -p raw && printf 'rows of ${item.month}' > raw/${item.month}.txt
    outs:
      - raw/${item.month}.txt
  train:
    cmd:
      - mkdir -p model && cat raw/* > model/trees.bin && printf 'x' > model/codes.bin
      - printf 1 > manifest.json
    deps:
      - code.py
      - raw
    outs:
      - model
      - manifest.json:
          cache: false
"""


def environment(**more: str) -> dict[str, str]:
    """Return an environment in which DVC uses only what is in the project, and reports nothing to anybody."""
    quiet = {"DVC_NO_ANALYTICS": "1", "DVC_TEST": "1", "PATH": f"{BIN}:{os.environ['PATH']}"}
    return {**os.environ, **quiet, **more}


def dvc(project: Path, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run `dvc` in `project`; its output is captured, its failure is the caller's to judge."""
    return subprocess.run(
        [BIN / "dvc", *arguments],
        cwd=project,
        env=environment(**variables),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def make(project: Path) -> Path:
    """Make the project with this repository's own .dvc/config, and run its pipeline once."""
    (project / ".dvc").mkdir(parents=True)
    shutil.copy(ROOT / ".dvc" / "config", project / ".dvc" / "config")
    shutil.copy(ROOT / ".dvcignore", project / ".dvcignore")
    (project / "dvc.yaml").write_text(PIPELINE)
    (project / "code.py").write_text("print()\n")
    subprocess.run(["git", "init", "--quiet", project], check=True, timeout=30)
    ran = dvc(project, "repro", "--quiet")
    assert ran.returncode == 0, ran.stderr
    return project


def wipe_local(project: Path) -> None:
    """Leave what git would have: no cache, no outputs of the cache."""
    for name in (".dvc/cache", ".dvc/tmp", "raw", "model"):
        shutil.rmtree(project / name, ignore_errors=True)


def flip(path: Path) -> None:
    """Change one bit of a file and keep its size and its time, as bad hardware does."""
    before = path.stat()
    path.chmod(0o644)
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
