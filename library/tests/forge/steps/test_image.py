"""The image goes to its registry, and its digest into the release."""

import json

import pytest

from merge_lane.forge import runner
from merge_lane.forge.steps import image

pytestmark = pytest.mark.usefixtures("lane")

MADE = {"repository": "ghcr.io/owner/name", "digest": "sha256:" + "a" * 64, "built": True}
FILES = ["--sbom", "tmp/image/sbom.json", "--output", "tmp/image/image.json"]


@pytest.fixture
def lane(programs, monkeypatch, tmp_path):
    """A double of merge-lane, and the description that `merge-lane image` leaves."""
    monkeypatch.setenv("GITHUB_REPOSITORY", "Owner/Name")
    monkeypatch.setenv("GITHUB_OUTPUT", str(tmp_path / "output"))
    for name in ("IMAGE_BASE", "IMAGE_REPOSITORY"):
        monkeypatch.delenv(name, raising=False)
    programs.install("merge-lane")
    image.FOLDER.mkdir(parents=True)
    image.DESCRIPTION.write_text(json.dumps(MADE))
    return programs


@pytest.mark.parametrize(("built", "text"), [(True, "true"), (False, "false")])
def test_digest_goes_into_the_release(lane, tmp_path, built, text):
    """The workflow learns where the image is and whether it was built now."""
    image.DESCRIPTION.write_text(json.dumps({**MADE, "built": built}))
    image.image()
    assert lane.calls() == [
        ["merge-lane", "image", "--repository", "ghcr.io/owner/name", *FILES],
        ["merge-lane", "release", "--image", MADE["digest"]],
    ]
    output = f"repository={MADE['repository']}\ndigest={MADE['digest']}\nbuilt={text}\n"
    assert (tmp_path / "output").read_text() == output


def test_own_registry_and_base(lane, monkeypatch):
    """Variables choose another registry and other base images."""
    monkeypatch.setenv("IMAGE_REPOSITORY", "registry.example.org/Model")
    monkeypatch.setenv("IMAGE_BASE", "bases")
    image.image()
    first = ["merge-lane", "image", "--repository", "registry.example.org/Model", *FILES, "--base", "bases"]
    assert lane.calls()[0] == first


def test_failed_build_makes_no_release(lane, tmp_path):
    """The release is written only with the digest of an image that is in the registry."""
    lane.install("merge-lane", merge_lane__image=30)
    with pytest.raises(runner.ProgramError) as error:
        image.image()
    assert error.value.exit_code == 30
    assert len(lane.calls()) == 1
    assert not (tmp_path / "output").exists()


def test_missing_repository_is_named(monkeypatch):
    """Without GitHub and without a registry there is no place for the image."""
    monkeypatch.delenv("GITHUB_REPOSITORY")
    with pytest.raises(runner.InputError, match="GITHUB_REPOSITORY"):
        image.image()


def test_missing_description_is_named():
    """An image that nobody described is not released."""
    image.DESCRIPTION.unlink()
    with pytest.raises(runner.InputError, match=r"image\.json"):
        image.image()
