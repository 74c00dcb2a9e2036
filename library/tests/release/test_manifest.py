"""release.json says which model, data, code and image belong together."""

import json

import pytest

from merge_lane.errors import GitError, ReleaseError
from merge_lane.release import manifest


def test_manifest_names_commit_hashes_metrics_and_who(project, monkeypatch):
    monkeypatch.delenv("GITHUB_ACTOR", raising=False)
    release = project.release()
    assert release.commit == project.git("rev-parse", "HEAD")
    assert (release.data, release.metrics, release.by) == ("d" * 64, {"auc": 0.74}, "Ada")
    assert release.id == f"{release.commit[:8]}-{release.model[:8]}"


def test_manifest_survives_a_round_trip(project, tmp_path):
    release = project.release()
    release.save(tmp_path / "release.json")
    assert manifest.load(tmp_path / "release.json") == release


def test_tree_that_differs_from_its_commit_is_refused(project):
    project.release()
    (project.root / "params.yaml").write_text("task: regression\n")
    with pytest.raises(ReleaseError, match=r"differs from its commit.*params\.yaml"):
        manifest.make(project.root)


@pytest.mark.parametrize("lost", ["models/manifest.json", "params.yaml", "reports/metrics.json"])
def test_file_that_the_commit_lacks_is_named(project, lost):
    project.release()
    project.git("rm", "-q", lost)
    project.git("commit", "-qm", "lose it")
    with pytest.raises(ReleaseError, match=f"has no {lost}"):
        manifest.make(project.root)


def test_former_revision_is_released_as_it_was(project):
    first = project.release("first")
    project.release("second")
    again = manifest.make(project.root, "HEAD^", by=first.by)
    assert again.model_copy(update={"at": first.at}) == first


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"model": "short"}, "model: "),
        ({"unknown": 1}, "unknown: "),
        ({"image": "latest"}, "image: "),
        ({"format": 2}, "format: "),
    ],
)
def test_manifest_that_says_something_else_is_refused(project, tmp_path, change, said):
    path = tmp_path / "release.json"
    path.write_text(json.dumps(project.release().model_dump() | change))
    with pytest.raises(ReleaseError, match=said):
        manifest.load(path)


def test_missing_and_broken_files_are_refused(tmp_path):
    with pytest.raises(ReleaseError, match="is not there"):
        manifest.load(tmp_path / "release.json")
    (tmp_path / "release.json").write_text("{")
    with pytest.raises(ReleaseError, match="does not hold"):
        manifest.load(tmp_path / "release.json")


def test_folder_without_git_is_refused_with_its_words(tmp_path):
    with pytest.raises(GitError, match="git status failed: fatal: not a git repository"):
        manifest.make(tmp_path)


def test_unknown_revision_is_refused(project):
    """A name that git does not know is no release."""
    with pytest.raises(ReleaseError, match="no revision nowhere"):
        manifest.make(project.root, "nowhere")
