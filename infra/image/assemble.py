"""Runs inside the build, without a network: installs locked wheels and the project into the image's tree."""

from __future__ import annotations

import compileall
import os
import py_compile
import shutil
import subprocess
import sys
from pathlib import Path

# Of a package, what a server never opens.
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
    pip("install", "--no-deps", "--no-build-isolation", "--no-compile", f"--target={packages}", "./source")
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
    """Remove what a server never opens: tests, headers, scripts, and where a file was installed from."""
    shutil.rmtree(packages / "bin", ignore_errors=True)
    for directory in [path for path in packages.rglob("*") if path.is_dir() and path.name in UNUSED]:
        shutil.rmtree(directory, ignore_errors=True)
    for origin in packages.rglob("*.dist-info/direct_url.json"):
        origin.unlink()


def settle(target: Path, moment: int) -> None:
    """Give every file one time and one mode; what runs is not root, so it can write none of them."""
    for path in [*target.rglob("*"), target]:
        path.chmod(0o755 if path.is_dir() else 0o644)
        os.utime(path, (moment, moment))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
