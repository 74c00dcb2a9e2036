"""The library comes into the image as a wheel that library/ builds, or by the serving lock."""

import subprocess
import sys

import pytest

from merge_lane.errors import ReleaseError
from merge_lane.release.image import library

BUILDER = (
    "import pathlib, sys; (pathlib.Path(sys.argv[1]) / 'merge_lane-1.0-py3-none-any.whl').write_text('wheel')"
)


@pytest.fixture
def root(tmp_path):
    """A project with a serving lock that does not name the library."""
    (tmp_path / "requirements").mkdir()
    (tmp_path / library.LOCK).write_text("anyio==4.0\n")
    return tmp_path


def source(root):
    """Write a library with a builder below `root`."""
    package = root / "library/src/merge_lane"
    package.mkdir(parents=True)
    (package / "version.py").write_text('__version__ = "1.0"\n')
    (root / "library/pyproject.toml").write_text("[project]\n")
    (root / "library/build_backend.py").write_text(BUILDER)


def provided(root):
    """Return the files that install the library."""
    target = root / "context"
    library.provide(root, target)
    return sorted(path.relative_to(target).as_posix() for path in target.rglob("*") if path.is_file())


def test_wheel_of_the_source(root):
    """The library's own builder makes the wheel."""
    source(root)
    assert provided(root) == ["merge_lane-1.0-py3-none-any.whl"]
    assert library.version(root) == "1.0"


def test_source_without_a_builder(root):
    """Without a builder the source itself goes in."""
    source(root)
    (root / "library/build_backend.py").unlink()
    assert provided(root) == ["source/pyproject.toml", "source/src/merge_lane/version.py"]


def test_builder_that_fails(root):
    """A wheel that cannot be built stops the image, with the builder's last line."""
    source(root)
    (root / "library/build_backend.py").write_text("raise SystemExit('no licence')")
    with pytest.raises(ReleaseError, match="no licence"):
        provided(root)


@pytest.mark.parametrize("name", ["merge-lane", "merge_lane"])
def test_library_in_the_lock(root, name):
    """A lock that names the library needs nothing more, and states the version."""
    (root / library.LOCK).write_text(f"anyio==4.0\n{name}==1.0\n")
    assert provided(root) == []
    assert library.version(root) is None


def test_no_library(root):
    """An image without a library is never built."""
    with pytest.raises(ReleaseError, match="would not start"):
        provided(root)


def test_assemble_needs_no_package():
    """The program inside the build imports the standard library only."""
    from merge_lane.release.image import build

    command = [sys.executable, "-I", "-S", str(build.ASSEMBLE)]
    process = subprocess.run(command, capture_output=True, text=True, check=False)
    assert "IndexError" in process.stderr  # it reached its last line, where it asks for the folder
