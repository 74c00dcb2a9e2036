"""`.ci/run`: the one command of CI."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def script(path, body):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/usr/bin/env bash\n{body}\n")
    path.chmod(0o755)


@pytest.fixture
def checkout(tmp_path):
    """A checkout whose `make` says where it is called, with what, and ends as it is told."""
    script(tmp_path / "bin" / "make", 'echo "make $* in $PWD, CI=${CI:-}"; exit "${OUTCOME:-0}"')
    (tmp_path / "checkout" / ".ci").mkdir(parents=True)
    shutil.copy(ROOT / ".ci" / "run", tmp_path / "checkout" / ".ci" / "run")
    return tmp_path / "checkout"


def ci_run(checkout, **variables):
    path = f"{checkout.parent / 'bin'}:{os.environ['PATH']}"
    return subprocess.run(
        [checkout / ".ci" / "run"],
        cwd="/",
        env={**os.environ, "PATH": path, "CI": "true", **variables},
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )


def test_it_tests_in_the_projects_root_wherever_it_is_called_and_hands_on_what_ci_says(checkout):
    ran = ci_run(checkout)
    assert (ran.returncode, ran.stdout) == (0, f"make test in {checkout}, CI=true\n")


def test_it_fails_as_the_tests_fail(checkout):
    assert ci_run(checkout, OUTCOME="2").returncode == 2


def test_a_machines_own_preparation_runs_first_and_its_failure_stops_the_run(checkout):
    preparation = checkout.parent / "shared" / "prepare-machine"
    script(preparation, "echo prepared")
    assert ci_run(checkout).stdout.startswith("prepared\nmake test")
    script(preparation, "exit 3")
    ran = ci_run(checkout)
    assert (ran.returncode, ran.stdout) == (3, "")
