"""The content of the image, and the tag that follows from it; the tests of infra build one with an engine."""

import shutil
import subprocess

import pytest

from merge_lane.errors import BundleError, ReleaseError
from merge_lane.release.image import build
from merge_lane.system.files import digest

CONTENT = [
    "infra/image/Dockerfile",
    "requirements/build.txt",
    "requirements/serve.txt",
    "pyproject.toml",
    "src/flight_board/features.py",
    "library/pyproject.toml",
    "library/src/merge_lane/version.py",
]
NOT_CONTENT = [
    "README.md",
    "src/merge_lane/__pycache__/features.pyc",
    "src/x.egg-info/PKG-INFO",
    "library/src/merge_lane/__pycache__/version.pyc",
    "library/tests/conftest.py",
]


@pytest.fixture
def tree(tmp_path, toy_directory):
    """A small project: each file that goes in, a bundle, and files that do not."""
    root = tmp_path / "project"
    for name in [*CONTENT, *NOT_CONTENT]:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(name)
    shutil.copytree(toy_directory, root / "models")
    return root


def test_the_same_content_has_the_same_tag_wherever_it_lies(tree, tmp_path):
    elsewhere = shutil.copytree(tree, tmp_path / "elsewhere")
    assert build.content_tag(tree) == build.content_tag(elsewhere)


@pytest.mark.parametrize("name", [*CONTENT, "models/manifest.json"])
def test_each_file_that_goes_in_changes_the_tag(tree, name):
    before = build.content_tag(tree)
    with (tree / name).open("a") as stream:
        stream.write(" ")
    assert build.content_tag(tree) != before


def test_new_code_and_another_base_change_the_tag(tree):
    tags = {build.content_tag(tree), build.content_tag(tree, "debian-base")}
    (tree / "src/merge_lane/new.py").touch()
    tags.add(build.content_tag(tree))
    assert len(tags) == 3


@pytest.mark.parametrize("name", NOT_CONTENT)
def test_what_does_not_go_in_leaves_the_tag(tree, name):
    before = build.content_tag(tree)
    (tree / name).write_text("changed")
    assert build.content_tag(tree) == before


def test_the_tag_needs_only_the_bundles_manifest_not_the_model(tree):
    before = build.content_tag(tree)
    (tree / "models/model.onnx").unlink()
    assert build.content_tag(tree) == before


def test_a_missing_lock_is_named(tree):
    (tree / "requirements/serve.txt").unlink()
    with pytest.raises(ReleaseError, match=r"needs serve\.txt"):
        build.content_tag(tree)


def test_an_altered_model_never_gets_into_an_image(tree, tmp_path):
    (tree / "models/model.onnx").write_bytes(b"altered")
    with pytest.raises(BundleError, match=r"model\.onnx"):
        build.lay_out(tree, tmp_path / "context")


def test_labels_are_the_links_of_the_chain(tree):
    subprocess.run(["git", "init", "-q"], cwd=tree, check=True)
    commit = ["git", "-c", "user.name=a", "-c", "user.email=a@example.com", "commit", "-q", "--allow-empty"]
    subprocess.run([*commit, "-m", "first"], cwd=tree, check=True)
    labels = build.labels(tree)
    assert len(labels["REVISION"]) == 40
    assert labels["MODEL"] == digest(tree / "models/manifest.json")
    assert labels["CONTENT"] == build.content_tag(tree)
    assert labels["DATA"] == "d" * 64


def test_without_an_engine_the_error_says_what_to_do(monkeypatch):
    monkeypatch.setenv("ENGINE", "no-such-engine")
    with pytest.raises(ReleaseError, match="no no-such-engine"):
        build.pull("merge-lane:any")


def test_assemble_changes_the_tag(tree, tmp_path, monkeypatch):
    """The program that runs inside the build is part of the content, though it comes with the library."""
    before = build.content_tag(tree)
    (tmp_path / "assemble.py").write_text("other")
    monkeypatch.setattr(build, "ASSEMBLE", tmp_path / "assemble.py")
    assert build.content_tag(tree) != before


def test_wheel_in_vendor_changes_the_tag(tree):
    """In a project the library is the wheel in vendor/."""
    shutil.rmtree(tree / "library")
    tags = {build.content_tag(tree)}
    (tree / "vendor").mkdir()
    wheel = tree / "vendor/merge_lane-1.0-py3-none-any.whl"
    for content in ("one", "two"):
        wheel.write_text(content)
        tags.add(build.content_tag(tree))
    assert len(tags) == 3


def test_package_of_the_image(tree):
    """The image is told the package that pyproject.toml declares; without one none is built."""
    (tree / "pyproject.toml").write_text('[tool.merge-lane]\npackage = "flight_board"\n')
    assert build.package(tree) == "flight_board"
    (tree / "pyproject.toml").write_text("")
    with pytest.raises(ReleaseError, match="declares no package"):
        build.package(tree)
