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
    target = tmp_path_factory.mktemp("live") / "merge-lane"
    target.mkdir()
    return baking.live_copy(target)


RENAMED = {
    "short": {"name": "Ab", "owner": "x", "description": "Small"},
    "longest": {"name": "Parcel Delay Forecast 24x7 Abc", "description": "It's late: # 1 & only"},
    "unicode": {"name": "Zürich Ærø Čas 3", "slug": "zas", "package": "zas_3", "owner": "Acme-Labs"},
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
    """A renamed project, its own environment with the packages of this one: (path, variables)."""
    project = shutil.copytree(renamed[0], tmp_path / "project")
    (package,) = (path.parent.name for path in (project / "src").glob("*/__init__.py"))
    environment = project / ".venv"
    venv.create(environment, symlinks=True)
    (own,) = environment.glob("lib/python*/site-packages")
    (own / "borrowed.pth").write_text(f"{project / 'src'}\n{sysconfig.get_path('purelib')}\n")
    tools = environment / "bin"
    for tool in (tool for tool in Path(sys.prefix, "bin").iterdir() if not (tools / tool.name).exists()):
        borrow(tool, tools)
    command = tools / renamed[0].name
    command.write_text(f"#!{tools}/python\nfrom {package}.cli import main\nraise SystemExit(main())\n")
    command.chmod(0o755)
    (environment / ".ready").touch()
    path = os.pathsep.join([str(tools), os.environ["PATH"]])
    return project, {"PATH": path, "CI": ""}


def borrow(tool, tools):
    """Take over a command; a Python script is to run in the environment that took it."""
    head, _, rest = tool.read_bytes().partition(b"\n")
    if head.startswith(b"#!") and b"python" in head:
        (tools / tool.name).write_bytes(f"#!{tools}/python\n".encode() + rest)
        (tools / tool.name).chmod(0o755)
    else:
        (tools / tool.name).symlink_to(tool)
