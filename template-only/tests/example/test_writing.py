"""A real month that cannot be written whole leaves nothing, and the command says so."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[3]
COMMAND = Path(sys.executable).parent / "merge-lane"


def test_an_ingest_that_the_system_cuts_short_leaves_nothing_and_exits_with_16(tmp_path):
    """The limit of a file's size acts as a full disk does: the write itself is refused, half-way."""
    shutil.copy(ROOT / "params.yaml", tmp_path)
    command = ["bash", "-c", 'ulimit -f 100; exec "$0" "$@"', str(COMMAND), "ingest", "2013-01"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 16
    assert "Cannot write data/raw/2013-01.parquet: File too large" in done.stderr
    assert "no partial file was left" in done.stderr
    assert "Traceback" not in done.stderr
    assert [path for path in (tmp_path / "data").rglob("*") if path.is_file()] == []
