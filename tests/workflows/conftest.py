"""What the tests of workflows share: a GitHub on loopback and a certificate for it."""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
from pathlib import Path

import pytest
from workflows.fake_github import FakeGitHub, make_certificate
from workflows.rehearsal.expressions import Expressions


@pytest.fixture(scope="session")
def certificate(tmp_path_factory):
    return make_certificate(tmp_path_factory.mktemp("tls"))


@pytest.fixture
def github(certificate):
    hub = FakeGitHub(certificate)
    yield hub
    hub.close()


@pytest.fixture(scope="session")
def node_packages():
    """GitHub's own tools, installed as locked. Where CI is set their absence is a failure, no skip."""
    if not shutil.which("npm"):
        if os.environ.get("CI"):
            pytest.fail("node and npm are needed where CI is set")
        pytest.skip("node is not installed")
    directory = Path(__file__).parent / "node"
    with (directory / ".lock").open("w") as lock:  # two workers of pytest, one installation
        fcntl.flock(lock, fcntl.LOCK_EX)
        stamp = directory / "node_modules/.ready"
        wanted = (directory / "package-lock.json").read_bytes()
        if not stamp.is_file() or stamp.read_bytes() != wanted:
            npm = ["npm", "ci", "--no-audit", "--no-fund", "--ignore-scripts"]
            done = subprocess.run(
                npm, cwd=directory, capture_output=True, text=True, timeout=180, check=False
            )
            assert done.returncode == 0, done.stderr
            stamp.write_bytes(wanted)
    return directory


@pytest.fixture(scope="session")
def expressions(node_packages):
    bridge = Expressions(node_packages)
    yield bridge
    bridge.close()
