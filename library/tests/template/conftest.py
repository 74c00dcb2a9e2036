"""A project with the library's wheel, as the assembly makes it."""

import importlib.util
from pathlib import Path

import pytest

from merge_lane.template import library

LIBRARY = Path(__file__).parents[2]


def backend_of(folder):
    """Import the build backend of the library, or of a copy of it."""
    specification = importlib.util.spec_from_file_location("build_backend", folder / "build_backend.py")
    loaded = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(loaded)
    return loaded


@pytest.fixture
def backend():
    return backend_of


@pytest.fixture
def project(tmp_path, monkeypatch):
    """A folder with two locks and the wheel of the library as it is; the current folder."""
    root = tmp_path / "project"
    (root / "requirements").mkdir(parents=True)
    for name in ("all", "serve"):
        (root / "requirements" / f"{name}.txt").write_text("click==8.1\nzlib-x==1\n")
    name = backend_of(LIBRARY).build_wheel(str(tmp_path))
    library.put(root, name, (tmp_path / name).read_bytes())
    monkeypatch.chdir(root)
    return root
