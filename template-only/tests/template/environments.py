"""An environment for a generated project: the library from its wheel, the rest borrowed from here."""

import os
import sys
import sysconfig
import venv
from pathlib import Path

from installer import install
from template import baking


def prepared(project):
    """Give a project an environment: the library from its wheel by the locked hash, the rest borrowed."""
    environment = project / ".venv"
    venv.create(environment, symlinks=True)
    install_library(project, environment)
    (own,) = environment.glob("lib/python*/site-packages")
    (own / "borrowed.pth").write_text(f"{project / 'src'}\n{sysconfig.get_path('purelib')}\n")
    tools = environment / "bin"
    for tool in (tool for tool in Path(sys.prefix, "bin").iterdir() if tool.is_file()):
        if not (tools / tool.name).exists():
            borrow(tool, tools)
    (environment / ".ready").touch()
    path = os.pathsep.join([str(tools), os.environ["PATH"]])
    return project, {"PATH": path, "CI": ""}


def install_library(project, environment):
    """Install the wheel in vendor/ as `scripts/setup` does: by the hash in the lock."""
    lock = (project / baking.pins.LOCKS[0]).read_text()
    pin = environment / "pin.txt"
    pin.write_text(baking.pins.PIN.search(lock)[0])
    options = ["--require-hashes", "--find-links", project / "vendor", "-r", pin]
    baking.ok(*install(environment, *options), cwd=project)


def borrow(tool, tools):
    """Take over a command; a Python script is to run in the environment that took it."""
    head, _, rest = tool.read_bytes().partition(b"\n")
    if head.startswith(b"#!") and b"python" in head:
        (tools / tool.name).write_bytes(f"#!{tools}/python\n".encode() + rest)
        (tools / tool.name).chmod(0o755)
    else:
        (tools / tool.name).symlink_to(tool)
