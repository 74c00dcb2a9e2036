"""Runs inside the image's build, without a network: installs locked wheels, the library and the project.

Nothing is installed when it starts: it needs the standard library only. `build` copies it into the context.
"""

from __future__ import annotations

import compileall
import os
import py_compile
import shutil
import subprocess
import sys
from pathlib import Path

# Folders of a package that a server never opens.
UNUSED = ("tests", "test", "__pycache__", "include")


def pip(*arguments: str) -> None:
    """Run pip on the wheels of the context; without an index it can fetch nothing."""
    subprocess.run([sys.executable, "-m", "pip", *arguments], check=True)


def main(target: Path) -> None:
    """Fill `target` with /app/packages and /app/models."""
    packages, tools = target / "app/packages", Path("tools").resolve()
    locked = ["--find-links=wheels", "--require-hashes", "--no-deps", "--no-compile"]
    pip("install", *locked, f"--target={tools}", "-r", "requirements/build.txt")
    pip("install", *locked, f"--target={packages}", "-r", "requirements/serve.txt")
    os.environ["PYTHONPATH"] = str(tools)
    for part in (*sorted(Path("library").iterdir()), Path("source")):  # the library, where no lock names it
        pip(
            "install",
            "--no-deps",
            "--no-build-isolation",
            "--no-compile",
            f"--target={packages}",
            f"./{part}",
        )
    trim(packages)
    compileall.compile_dir(
        packages,
        quiet=1,
        workers=0,  # all cores
        stripdir=str(target),
        invalidation_mode=py_compile.PycInvalidationMode.UNCHECKED_HASH,  # no times in them
    )
    shutil.copytree("models", target / "app/models")
    settle(target, int(os.environ["SOURCE_DATE_EPOCH"]))


def trim(packages: Path) -> None:
    """Remove what a server never opens: tests, headers, scripts, and the origin of each package."""
    shutil.rmtree(packages / "bin", ignore_errors=True)
    for directory in [path for path in packages.rglob("*") if path.is_dir() and path.name in UNUSED]:
        shutil.rmtree(directory, ignore_errors=True)
    for origin in packages.rglob("*.dist-info/direct_url.json"):
        origin.unlink()


def settle(target: Path, moment: int) -> None:
    """Give every file one time and one mode. The server is not root, so it can write none of them."""
    for path in [*target.rglob("*"), target]:
        path.chmod(0o755 if path.is_dir() else 0o644)
        os.utime(path, (moment, moment))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
