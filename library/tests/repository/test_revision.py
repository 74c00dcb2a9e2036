"""main's side: its revision, its files, its objects out of DVC's cache or remote, checked before use."""

import shutil
import subprocess

import dvc_project
import pytest

from merge_lane.errors import ReviewError
from merge_lane.repository.cache import cache_dir, object_path
from merge_lane.repository.lockfile import outputs
from merge_lane.repository.revision import resolve
from merge_lane.system.files import digest


def git(folder, *arguments):
    who = ["-c", "user.name=t", "-c", "user.email=t@localhost", "-c", "commit.gpgsign=false"]
    done = subprocess.run(["git", *who, *arguments], cwd=folder, capture_output=True, text=True, check=True)
    return done.stdout.strip()


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A DVC project with one reproduced commit on main, pushed to its remote."""
    folder = dvc_project.make(tmp_path_factory.mktemp("base") / "project")
    assert dvc_project.dvc(folder, "push").returncode == 0
    (folder / ".gitignore").write_text("/raw\n/model\n/reports\n/.dvc/cache\n/.dvc/tmp\n")
    git(folder, "add", "-A")
    git(folder, "commit", "-qm", "reproduced")
    git(folder, "branch", "-M", "main")
    return folder


@pytest.fixture
def project(made, tmp_path):
    """A copy, beside a copy of its remote."""
    shutil.copytree(made.parent, tmp_path / "copy", symlinks=True)
    return tmp_path / "copy" / made.name


@pytest.fixture
def lock(project):
    return (project / "dvc.lock").read_bytes()


def test_the_default_base_is_where_head_left_main(project):
    start = git(project, "rev-parse", "main")
    git(project, "switch", "-qc", "change")
    (project / "code.py").write_text("changed = True\n")
    git(project, "commit", "-qam", "change")
    git(project, "branch", "-f", "main", start)
    assert resolve(None, project).revision == start


def test_a_named_base_wins(project):
    git(project, "tag", "v1")
    assert resolve("v1", project).revision == git(project, "rev-parse", "v1^{commit}")


@pytest.mark.parametrize("name", ["no-such", "--help", "-n1", "main^{tree}", "; rm -rf x"])
def test_a_base_that_is_no_commit_is_refused_by_name(project, name):
    with pytest.raises(ReviewError, match="no revision") as refused:
        resolve(name, project)
    assert name in refused.value.what
    assert "--base" in refused.value.next


def test_without_any_main_the_review_says_so(tmp_path):
    git(tmp_path, "init", "-q", "-b", "elsewhere")
    git(tmp_path, "commit", "-q", "--allow-empty", "-m", "x")
    with pytest.raises(ReviewError, match="no main"):
        resolve(None, tmp_path)


def test_committed_files_are_those_of_the_revision(project):
    base = resolve("main", project)
    (project / "manifest.json").write_text("2")
    assert base.show("manifest.json") == b"1"
    assert base.show("nothing") is None


def output(base):
    """Return the path of a file that the lock names with its md5."""
    return next(
        path for path, md5 in base.outputs.items() if not md5.endswith(".dir") and path.endswith(".txt")
    )


def test_an_object_comes_from_the_cache(project):
    base = resolve("main", project)
    path = output(base)
    found = base.fetch(path)
    assert digest(found, "md5") == base.outputs[path]
    assert found.is_relative_to(project / ".dvc" / "tmp")


def test_without_a_cache_it_comes_from_the_remote(project, monkeypatch):
    for name, value in dvc_project.environment().items():
        monkeypatch.setenv(name, value)
    shutil.rmtree(project / ".dvc" / "cache")
    base = resolve("main", project)
    path = output(base)
    assert digest(base.fetch(path), "md5") == base.outputs[path]


def test_an_altered_object_in_the_cache_is_not_used(project, monkeypatch):
    """The cache is then a liar: the remote is asked, and here it has nothing."""
    for name, value in dvc_project.environment().items():
        monkeypatch.setenv(name, value)
    base = resolve("main", project)
    path = output(base)
    md5 = base.outputs[path]
    cached = object_path(cache_dir(project), md5)
    cached.chmod(0o644)
    cached.write_bytes(b"altered")
    for remote in project.parent.glob(".dvcstore"):
        shutil.rmtree(remote)
    with pytest.raises(ReviewError, match="not available"):
        base.fetch(path)


def test_an_output_that_the_lock_does_not_name_is_refused(project):
    with pytest.raises(ReviewError, match=r"no model\.onnx"):
        resolve("main", project).fetch("model.onnx")


def test_a_project_without_a_lock_names_no_outputs(project):
    git(project, "rm", "-q", "--cached", "dvc.lock")
    git(project, "commit", "-qm", "no lock")
    assert resolve("HEAD", project).outputs == {}


def test_the_lock_names_each_output_with_its_hash(lock):
    found = outputs(lock)
    assert "manifest.json" in found
    assert all(len(md5.removesuffix(".dir")) == 32 for md5 in found.values())


@pytest.mark.parametrize("value", ["../../a%20b", "'../../a b'", "~/cache"])
def test_object_comes_from_a_configured_cache(project, monkeypatch, value):
    """Percent signs, quotes and the home folder lead to the same cache as in DVC."""
    monkeypatch.setenv("HOME", str(project / "home"))
    (project / ".dvc" / "config.local").write_text(f"[cache]\n    dir = {value}\n")
    target = cache_dir(project)
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.move(project / ".dvc" / "cache", target)
    shutil.rmtree(project.parent / ".dvcstore", ignore_errors=True)
    base = resolve("main", project)
    assert digest(base.fetch(output(base)), "md5") == base.outputs[output(base)]
