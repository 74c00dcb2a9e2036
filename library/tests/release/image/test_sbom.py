"""The image's bill of materials: whole, valid, the same each time."""

import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator

from merge_lane.errors import ReleaseError
from merge_lane.release.image import build, sbom
from merge_lane.system.files import digest
from merge_lane.version import __version__

ROOT = Path(__file__).parents[4]
VERSION = "library/src/merge_lane/version.py"


@pytest.fixture
def tree(tmp_path, toy_directory):
    """The real recipe and the real locks with a small model, in git."""
    root = tmp_path / "project"
    for name in (build.RECIPE, *build.LOCKS, "pyproject.toml", VERSION):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, root / name)
    shutil.copytree(toy_directory, root / "models")
    commit = ["-c", "user.name=a", "-c", "user.email=a@example.org", "commit", "-qm", "first"]
    for words in (["init", "-q"], ["add", "."], commit):
        subprocess.run(["git", *words], cwd=root, check=True)
    return root


def write(tree, path):
    """Write the bill of a tree as the command does."""
    return sbom.write(tree, path, build.labels(tree))


@pytest.fixture
def bill(tree, tmp_path):
    write(tree, tmp_path / "sbom.json")
    return json.loads((tmp_path / "sbom.json").read_text())


def test_it_keeps_the_schema_of_the_standard(bill):
    problem = JsonStrictValidator(SchemaVersion.V1_6).validate_str(json.dumps(bill))
    assert problem is None


def test_a_bill_that_breaks_the_schema_is_found_by_the_same_validator(bill):
    bill["components"][0]["type"] = "something"
    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(json.dumps(bill)) is not None


def test_every_package_of_the_lock_is_in_it_with_its_version_and_hashes(bill, tree):
    lock = (tree / "requirements/serve.txt").read_text()
    locked = {tuple(found) for found in re.findall(r"^([a-z0-9.-]+)==([^ ;\\]+)", lock, re.MULTILINE)}
    packages = [part for part in bill["components"] if part["type"] == "library"]
    assert {(one["name"], one["version"]) for one in packages if one["name"] != "merge-lane"} == locked
    kept = [value["value"] for one in packages for value in one.get("properties", [])]
    assert sorted(kept) == sorted(re.findall(r"sha256:([0-9a-f]{64})", lock))


def versions(bill):
    """Return the versions of the library that a bill names."""
    return [part["version"] for part in bill["components"] if part["name"] == "merge-lane"]


def test_library_of_the_source(bill):
    """The library in library/ is listed once, though no lock names it."""
    assert versions(bill) == [__version__]


def test_library_of_the_lock(tree, tmp_path):
    """The library that the lock names is listed once, with its hash."""
    shutil.rmtree(tree / "library")
    with (tree / "requirements/serve.txt").open("a") as lock:
        lock.write(f"merge-lane==9.1 \\\n    --hash=sha256:{'a' * 64}\n")
    write(tree, tmp_path / "sbom.json")
    assert versions(json.loads((tmp_path / "sbom.json").read_text())) == ["9.1"]


def test_the_model_and_the_base_are_in_it_by_their_hashes(bill, tree):
    parts = {part["bom-ref"]: part for part in bill["components"]}
    assert parts["model"]["type"] == "machine-learning-model"
    assert parts["model"]["hashes"][0]["content"] == digest(tree / "models/manifest.json")
    recipe = (tree / build.RECIPE).read_text()
    assert f"{parts['base']['name']}@sha256:{parts['base']['hashes'][0]['content']}" in recipe


def test_a_package_for_another_system_is_left_out():
    lock = "colorama==0.4.6 ; sys_platform == 'win32' \\\n    --hash=sha256:" + "a" * 64 + "\n"
    assert list(sbom._packages(lock)) == []
    assert [one.name for one in sbom._packages(lock.replace("win32", "linux"))] == ["colorama"]


def test_the_same_tree_has_the_same_bill_and_another_model_another(tree, tmp_path):
    bills = []
    for _ in range(2):
        write(tree, tmp_path / "sbom.json")
        bills.append((tmp_path / "sbom.json").read_bytes())
    manifest = json.loads((tree / "models/manifest.json").read_text())
    manifest["inputs"]["data"] = "e" * 64
    (tree / "models/manifest.json").write_text(json.dumps(manifest))
    write(tree, tmp_path / "sbom.json")
    assert bills[0] == bills[1] != (tmp_path / "sbom.json").read_bytes()


def test_a_recipe_without_a_pinned_base_is_refused(tree, tmp_path):
    path = tree / build.RECIPE
    path.write_text(re.sub(r"(ARG RUN_BASE=[^@]+)@\S+", r"\1:latest", path.read_text()))
    with pytest.raises(ReleaseError, match="no base image by its digest"):
        write(tree, tmp_path / "sbom.json")
