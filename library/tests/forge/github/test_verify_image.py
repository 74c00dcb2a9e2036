"""An image is deployed only where GitHub says who built it and what is in it."""

import json

import pytest

from merge_lane.errors import ChainError
from merge_lane.forge import runner
from merge_lane.forge.github import verify_image
from merge_lane.forge.steps import image

pytestmark = pytest.mark.usefixtures("built")

NAME = "ghcr.io/owner/name@sha256:" + "a" * 64


@pytest.fixture
def built(programs, monkeypatch):
    """An image that was pushed, and a double of the GitHub CLI."""
    monkeypatch.setenv("GITHUB_REPOSITORY", "owner/name")
    monkeypatch.setenv("GH_TOKEN", "test-token")
    image.FOLDER.mkdir(parents=True)
    image.DESCRIPTION.write_text(json.dumps({"name": NAME}))
    programs.install("gh")
    return programs


def test_both_attestations_are_asked_for(built):
    """Its provenance and its bill of materials, by deploy.yml of main."""
    verify_image.verify_image()
    source = ["--repo", "owner/name", "--source-ref", "refs/heads/main"]
    signer = ["--signer-workflow", "owner/name/.github/workflows/deploy.yml"]
    assert built.calls() == [
        ["gh", "attestation", "verify", f"oci://{NAME}", *source, *signer, "--predicate-type", kind]
        for kind in ("https://slsa.dev/provenance/v1", "https://cyclonedx.org/bom")
    ]


def test_missing_attestation_stops_the_deployment(built):
    """One that is missing ends the step with 31 and says what to do."""
    built.install("gh", gh__attestation=1)
    with pytest.raises(ChainError, match="nobody vouches for ghcr") as error:
        verify_image.verify_image()
    assert error.value.exit_code == 31
    assert "remove it from the registry" in error.value.next
    assert len(built.calls()) == 1


def test_missing_tool_is_no_missing_attestation(monkeypatch):
    """Without the GitHub CLI nothing is said of the image."""
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(runner.ProgramError, match="gh") as error:
        verify_image.verify_image()
    assert error.value.exit_code == 127


@pytest.mark.parametrize("name", ["GITHUB_REPOSITORY", "GH_TOKEN"])
def test_missing_value_verifies_nothing(built, monkeypatch, name):
    """Without the repository or a token nothing can be asked."""
    monkeypatch.setenv(name, "")
    with pytest.raises(runner.InputError, match=name):
        verify_image.verify_image()
    assert built.calls() == []


def test_missing_image_is_no_verified_image():
    """A job that got no image to verify fails."""
    image.DESCRIPTION.unlink()
    with pytest.raises(runner.InputError, match=r"image\.json"):
        verify_image.verify_image()
