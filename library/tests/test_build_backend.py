"""The build backend: one wheel for every machine, complete, and installable without anything else."""

import ast
import base64
import hashlib
import importlib.util
import os
import re
import shutil
import subprocess
import sys
import sysconfig
import tomllib
import venv
import zipfile
from pathlib import Path

import pytest
from installer import install
from packaging.metadata import Metadata
from packaging.requirements import Requirement

LIBRARY = Path(__file__).parents[1]
IGNORED = shutil.ignore_patterns("__pycache__", "tests", ".*")


def backend_of(folder):
    """Import the build backend of a copy of the library."""
    specification = importlib.util.spec_from_file_location("build_backend", folder / "build_backend.py")
    loaded = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(loaded)
    return loaded


backend = backend_of(LIBRARY)


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    """The wheel of the library as it is. Read only."""
    folder = tmp_path_factory.mktemp("wheel")
    return folder / backend.build_wheel(str(folder))


def member(wheel, name):
    with zipfile.ZipFile(wheel) as archive:
        return archive.read(next(path for path in archive.namelist() if path.endswith(name))).decode()


def test_same_bytes(wheel, tmp_path):
    """Another folder, time zone, umask, time and mode of the files give the same wheel."""
    copy = shutil.copytree(LIBRARY, tmp_path / "elsewhere", ignore=IGNORED)
    for path in copy.rglob("*.py"):
        path.chmod(0o700)
        os.utime(path, (1e9, 1e9))
    command = [sys.executable, "build_backend.py", tmp_path / "again"]
    variables = {**os.environ, "TZ": "Asia/Tokyo", "PYTHONHASHSEED": "7", "LC_ALL": "C"}
    subprocess.run(command, cwd=copy, env=variables, umask=0o077, check=True, timeout=60)
    assert (tmp_path / "again" / wheel.name).read_bytes() == wheel.read_bytes()


@pytest.mark.parametrize("name", ["build_backend.py", "src/merge_lane/template/pins.py"])
def test_old_python(name):
    """The template's assembly runs both with cookiecutter's Python, which may be 3.8."""
    tree = ast.parse((LIBRARY / name).read_text(), feature_version=(3, 8))
    modules = {node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    modules |= {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    assert modules <= set(sys.stdlib_module_names)
    assert "from __future__ import annotations" in (LIBRARY / name).read_text()


def test_leftovers_stay_out(tmp_path):
    """Compiled files and hidden files of an editor do not ship."""
    copy = shutil.copytree(LIBRARY, tmp_path / "library", ignore=IGNORED)
    for name in ("__pycache__/cli.pyc", ".cli.py.swp", "data/.DS_Store"):
        (copy / "src/merge_lane" / name).parent.mkdir(exist_ok=True)
        (copy / "src/merge_lane" / name).write_text("x")
    names = backend_of(copy).source()
    assert [name for name in names if "pycache" in name or "/." in name] == []
    assert "src/merge_lane/py.typed" in names


def test_toml_reader():
    """The small reader of pyproject.toml agrees with Python's own."""
    project = tomllib.loads((LIBRARY / "pyproject.toml").read_text())["project"]
    read = backend.table("project")
    assert read == {key: value for key, value in project.items() if not isinstance(value, dict)}
    assert backend.table("project.optional-dependencies") == project["optional-dependencies"]
    assert backend.table("project.scripts") == project["scripts"]
    assert backend.table("no.such.table") == {}


def test_metadata_is_valid(wheel):
    """METADATA keeps the standard and names every dependency of every extra."""
    metadata = Metadata.from_email(member(wheel, "METADATA"), validate=True)
    project = tomllib.loads((LIBRARY / "pyproject.toml").read_text())["project"]
    declared = [*project["dependencies"]]
    extras = project["optional-dependencies"]
    assert str(metadata.requires_python) == project["requires-python"]
    assert metadata.provides_extra == sorted(extras, key=list(extras).index)
    bare = [str(item) for item in metadata.requires_dist if "extra ==" not in str(item)]
    assert bare == [str(Requirement(item)) for item in declared]
    counted = {
        extra: sum(f'extra == "{extra}"' in str(item) for item in metadata.requires_dist) for extra in extras
    }
    assert counted == {extra: len(items) for extra, items in extras.items()}


def test_markers_are_joined():
    """An extra's dependency keeps the marker that it had."""
    assert backend.only_with("train", "a>=1; x == 'y'") == "a>=1 ; (x == 'y') and extra == \"train\""


def test_record_is_right(wheel):
    """RECORD holds the hash and the size of every other file."""
    with zipfile.ZipFile(wheel) as archive:
        record = member(wheel, "RECORD").splitlines()
        names = archive.namelist()
        for line in record[:-1]:
            name, digest, size = line.rsplit(",", 2)
            data = archive.read(name)
            expected = base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()
            assert (digest, int(size)) == (f"sha256={expected}", len(data))
    assert [line.split(",")[0] for line in record] == names


def test_sdist_builds_the_wheel(wheel, tmp_path):
    """The source archive is complete: its wheel is the same."""
    name = backend.build_sdist(str(tmp_path))
    shutil.unpack_archive(tmp_path / name, tmp_path, filter="data")
    unpacked = tmp_path / name.removesuffix(".tar.gz")
    assert (unpacked / "PKG-INFO").read_text().startswith("Metadata-Version")
    built = backend_of(unpacked).build_wheel(str(tmp_path / "out"))
    assert (tmp_path / "out" / built).read_bytes() == wheel.read_bytes()


def test_editable(tmp_path):
    """An editable installation points to the source."""
    name = backend.build_editable(str(tmp_path))
    assert member(tmp_path / name, ".pth") == f"{LIBRARY / 'src'}\n"


def test_no_version(tmp_path):
    """A package without its version is refused in a sentence."""
    copy = shutil.copytree(LIBRARY, tmp_path / "library", ignore=IGNORED)
    (copy / "src/merge_lane/version.py").write_text("")
    with pytest.raises(ValueError, match=r"version\.py has no line"):
        backend_of(copy).version()


@pytest.fixture(scope="module")
def installed(wheel, tmp_path_factory):
    """An environment with the wheel, installed by its hash, that borrows only the packages it depends on."""
    folder = tmp_path_factory.mktemp("installed")
    venv.create(folder, symlinks=True)
    lock = folder / "lock.txt"
    digest = hashlib.sha256(wheel.read_bytes()).hexdigest()
    lock.write_text(f"merge-lane=={backend.version()} --hash=sha256:{digest}\n")
    (purelib,) = folder.glob("lib/python*/site-packages")
    options = ["--require-hashes", "--find-links", wheel.parent, "-r", lock]
    subprocess.run(install(folder, *options), check=True, timeout=120)
    (purelib / "borrowed.pth").write_text(sysconfig.get_path("purelib") + "\n")
    return folder


def test_installs_by_its_hash(installed):
    """The command answers from the wheel, in an environment that knows nothing of the source."""
    variables = {
        key: value for key, value in os.environ.items() if not key.startswith(("PYTHON", "MERGE_LANE"))
    }
    command = [installed / "bin/merge-lane", "--help"]
    answer = subprocess.run(command, env=variables, capture_output=True, text=True, check=True, timeout=60)
    assert re.search(r"^ +review +Compare", answer.stdout, re.MULTILINE)
    where = [installed / "bin/python", "-c", "import merge_lane; print(merge_lane.__file__)"]
    place = subprocess.run(
        where, env=variables, capture_output=True, text=True, check=True, timeout=60
    ).stdout
    assert str(installed) in place


def test_another_hash_is_refused(wheel, tmp_path):
    """A wheel that is not the locked one is not installed."""
    venv.create(tmp_path / "environment", symlinks=True)
    lock = tmp_path / "lock.txt"
    lock.write_text(f"merge-lane=={backend.version()} --hash=sha256:{'0' * 64}\n")
    options = ["--require-hashes", "--find-links", wheel.parent, "-r", lock]
    command = install(tmp_path / "environment", *options)
    refused = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
    assert refused.returncode != 0
    assert "hash" in refused.stderr.lower()
    assert not (tmp_path / "environment/bin/merge-lane").exists()
