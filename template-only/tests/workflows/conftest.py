"""What the tests of workflows share: a GitHub on loopback and a certificate for it."""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
from pathlib import Path

import pytest
from forge.github.hub import FakeGitHub, make_certificate
from infra.conftest import cloud, provider, terraform  # noqa: F401 - fixtures
from workflows import shipped
from workflows.merges import Main
from workflows.rehearsal.expressions import Expressions
from workflows.rehearsal.world import World
from workflows.toy import Toy

PROGRAMS = Path(__file__).parent / "programs"


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


@pytest.fixture(scope="session")
def seed(tmp_path_factory):
    """The project's main, pushed once."""
    toy = Toy(tmp_path_factory.mktemp("shipped"))
    first = toy.at(toy.root / "first")
    first.path.mkdir()
    shipped.write(first.path)
    first.git("init", "--quiet")
    first.git("remote", "add", "origin", str(toy.origin))
    first.run("dvc", "repro")
    first.commit("Start")
    first.git("push", "--quiet", "-u", "origin", "main")
    return toy


@pytest.fixture
def surroundings(tmp_path):
    """What every step finds in its environment beside the runner's own variables."""
    return {
        "ATTESTATIONS": str(tmp_path / "attestations"),
        "DVC_NO_ANALYTICS": "1",
        "ENGINE": str(PROGRAMS / "engine.py"),
        "IMAGES": str(tmp_path / "images"),
        "MLFLOW_TRACKING_URI": "http://127.0.0.1:9",  # nobody is there: the registry is a mirror
        "PATH": f"{PROGRAMS}:{shipped.tools()}",
    }


@pytest.fixture
def world(seed, surroundings, github, tmp_path):
    """A GitHub with the repository `seed`; a module may have a seed and surroundings of its own."""
    origin = tmp_path / "origin.git"
    shutil.copytree(seed.origin, origin)
    github.extra_environment = surroundings
    return World(tmp_path, origin, github)


@pytest.fixture
def desk(world):
    """A person's clone of main."""
    toy = Toy.__new__(Toy)
    toy.root, toy.origin = world.root, world.origin
    return toy.clone("desk")


@pytest.fixture
def main(world, desk, expressions):
    return Main(world, desk, expressions)
