"""The code of a commit is the project's package and the library that this commit depends on."""

import subprocess
import sys
import zipfile

import pytest

from merge_lane.errors import ReviewError
from merge_lane.repository import code
from merge_lane.version import __version__

PRINTED = "import merge_lane, merge_lane.version, team; print(merge_lane.version.__version__, team.VALUE)"


def git(root, *words):
    """Run git in `root` and return what it prints."""
    done = subprocess.run(["git", "-C", str(root), *words], capture_output=True, text=True, check=True)
    return done.stdout.strip()


def write(root, files):
    """Write text files below `root`."""
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)


def library(version):
    """Return a library of one version: path -> text."""
    return {"merge_lane/__init__.py": "", "merge_lane/version.py": f"__version__ = '{version}'\n"}


def commit(root):
    """Commit everything and return the commit."""
    git(root, "add", "-A")
    git(root, "-c", "user.name=t", "-c", "user.email=t@localhost", "commit", "-qm", "change")
    return git(root, "rev-parse", "HEAD")


@pytest.fixture
def root(tmp_path):
    """A repository with a project's package."""
    git(tmp_path, "init", "-q")
    write(
        tmp_path,
        {"src/team/__init__.py": "VALUE = 1\n", "pyproject.toml": "[tool.merge-lane]\npackage = 'team'\n"},
    )
    return tmp_path


def ask(folder):
    """Return what a process with the code in `folder` sees."""
    variables = code.environment(folder)
    done = subprocess.run(
        [sys.executable, "-P", "-c", PRINTED], env=variables, capture_output=True, text=True, check=True
    )
    return done.stdout.split(), variables[code.PACKAGE_VARIABLE]


def test_library_in_the_repository_is_the_commits(root):
    """Later changes of the work tree do not reach the code of a commit."""
    write(root, {f"library/src/{path}": text for path, text in library("1.0").items()})
    revision = commit(root)
    write(
        root,
        {"src/team/__init__.py": "VALUE = 2\n", "library/src/merge_lane/version.py": "__version__ = '2'\n"},
    )
    assert ask(code.unpack(root, revision, root / "out")) == (["1.0", "1"], "team")
    assert ask(root) == (["2", "2"], "team")


def test_library_in_a_wheel_is_the_commits(root):
    """A project holds the library as a wheel in vendor/."""
    (root / "vendor").mkdir()
    with zipfile.ZipFile(root / "vendor/merge_lane-3.0-py3-none-any.whl", "w") as wheel:
        for path, text in library("3.0").items():
            wheel.writestr(path, text)
    revision = commit(root)
    git(root, "rm", "-q", "-r", "vendor")
    assert ask(code.unpack(root, revision, root / "out")) == (["3.0", "1"], "team")
    assert not (root / "out/vendor").exists()


def test_code_is_unpacked_once(root):
    """What is there is kept: a revision never changes."""
    revision = commit(root)
    target = code.unpack(root, revision, root / "out")
    (target / "mark").touch()
    assert (code.unpack(root, revision, root / "out") / "mark").exists()


def test_revision_without_code_is_refused(tmp_path):
    """A commit that holds no package leaves nothing behind."""
    git(tmp_path, "init", "-q")
    write(tmp_path, {"README.md": "x"})
    revision = commit(tmp_path)
    with pytest.raises(ReviewError, match="has no src"):
        code.unpack(tmp_path, revision, tmp_path / "out")
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    "line",
    [
        f"merge-lane=={__version__} \\\n    --hash=sha256:{'0' * 64}",
        f"merge-lane[train] @ git+https://git.example.org/merge-lane.git@v{__version__}#subdirectory=library",
        "numpy==2.0",
    ],
)
def test_installed_library_is_the_pinned_one(root, line):
    """A lock that names an index or a git URL accepts the installed library of that version."""
    write(root, {"requirements/serve.txt": f"anyio==4.0\n{line}\n"})
    assert not (code.unpack(root, commit(root), root / "out") / code.LIBRARY).exists()


@pytest.mark.parametrize(
    "line", ["merge-lane==0.0.1", "merge-lane @ git+https://git.example.org/merge-lane.git@0123456789abcdef"]
)
def test_another_version_is_pinned(root, line):
    """Another library than the pinned one never runs a commit's code; the message says how to get it."""
    write(root, {"requirements/all.txt": f"anyio==4.0\n{line}\n"})
    revision = commit(root)
    with pytest.raises(ReviewError, match="was made with merge-lane 0") as raised:
        code.unpack(root, revision, root / "out")
    assert "make setup" in raised.value.next
    assert not (root / "out").exists()


def test_wheel_beside_a_lock(root):
    """The wheel of the commit counts, whatever version is installed."""
    (root / "vendor").mkdir()
    with zipfile.ZipFile(root / "vendor/merge_lane-3.0-py3-none-any.whl", "w") as wheel:
        for path, text in library("3.0").items():
            wheel.writestr(path, text)
    write(root, {"requirements/serve.txt": "merge-lane==3.0\n"})
    assert ask(code.unpack(root, commit(root), root / "out"))[0] == ["3.0", "1"]
