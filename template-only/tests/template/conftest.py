"""One clone of the live tree, and projects made of it, for all tests of the template."""

import os
import shutil
import sys
import sysconfig
import venv
from pathlib import Path

import pytest
from template import baking


@pytest.fixture(scope="session")
def live(tmp_path_factory):
    """A clone of the live tree. Read only."""
    target = tmp_path_factory.mktemp("live") / "flight-board"
    target.mkdir()
    return baking.live_copy(target)


RENAMED = {
    "short": {"project_name": "Ab", "owner": "x", "description": "Small"},
    "longest": {"project_name": "Parcel Delay Forecast 24x7 Abc", "description": "It's late: # 1 & only"},
    "unicode": {
        "project_name": "Zürich Ærø Čas 3",
        "project_slug": "zas",
        "package_name": "zas_3",
        "owner": "Acme-Labs",
    },
}


@pytest.fixture(scope="session", params=RENAMED)
def renamed(request, live, tmp_path_factory):
    """A project with another name: (path, answers). Read only."""
    answers = {"owner": "acme", "description": "Whether a parcel is late", **RENAMED[request.param]}
    return baking.bake(live, tmp_path_factory.mktemp(request.param), **answers), answers


@pytest.fixture(scope="session")
def identical(live, tmp_path_factory):
    """A project with the live names. Read only."""
    return baking.bake(live, tmp_path_factory.mktemp("identical"))


@pytest.fixture
def ready(renamed, tmp_path):
    """A renamed project and an environment as `make setup` makes it: (path, variables)."""
    return prepared(shutil.copytree(renamed[0], tmp_path / "project"))


def prepared(project):
    """Give a project an environment: the library from its wheel by the locked hash, the rest borrowed."""
    environment = project / ".venv"
    venv.create(environment, symlinks=True)
    install_library(project, environment)
    (own,) = environment.glob("lib/python*/site-packages")
    (own / "borrowed.pth").write_text(f"{project / 'src'}\n{sysconfig.get_path('purelib')}\n")
    tools = environment / "bin"
    for tool in (tool for tool in Path(sys.prefix, "bin").iterdir() if not (tools / tool.name).exists()):
        borrow(tool, tools)
    (environment / ".ready").touch()
    path = os.pathsep.join([str(tools), os.environ["PATH"]])
    return project, {"PATH": path, "CI": ""}


def install_library(project, environment):
    """Install the wheel in vendor/ as `scripts/setup` does: by the hash in the lock."""
    lock = (project / baking.pins.LOCKS[0]).read_text()
    pin = environment / "pin.txt"
    pin.write_text(baking.pins.PIN.search(lock)[0])
    options = ["--no-deps", "--no-index", "--require-hashes", "--find-links", project / "vendor", "-r", pin]
    pip = [sys.executable, "-m", "pip", "--python", environment / "bin/python", "install", "--quiet"]
    baking.ok(*pip, *options, cwd=project)


def borrow(tool, tools):
    """Take over a command; a Python script is to run in the environment that took it."""
    head, _, rest = tool.read_bytes().partition(b"\n")
    if head.startswith(b"#!") and b"python" in head:
        (tools / tool.name).write_bytes(f"#!{tools}/python\n".encode() + rest)
        (tools / tool.name).chmod(0o755)
    else:
        (tools / tool.name).symlink_to(tool)
