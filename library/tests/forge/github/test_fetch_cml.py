"""The binary of CML: downloaded over TLS, and used only with the hash that is pinned."""

import hashlib
import subprocess

import pytest

from merge_lane.errors import GitHubError
from merge_lane.forge import runner
from merge_lane.forge.github import fetch_cml

pytestmark = pytest.mark.usefixtures("release")

BINARY = b"#!/bin/sh\necho 0.20.6\n"
SHA256 = hashlib.sha256(BINARY).hexdigest()


@pytest.fixture
def release(github, tmp_path, monkeypatch):
    """CML's release on loopback, and an empty working directory."""
    github.files["/files/cml"] = BINARY
    for name, value in {**github.environment(), "CML_URL": f"{github.url}/files/cml"}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("CML_SHA256", raising=False)
    monkeypatch.setattr(fetch_cml, "PAUSE_SECONDS", 0.0)
    monkeypatch.chdir(tmp_path)
    return github


def test_binary_is_fetched(monkeypatch, capsys):
    """It can be run; without a pin its hash is printed, with the pin nothing is."""
    fetch_cml.fetch_cml()
    message = capsys.readouterr().err
    assert message.startswith("fetch-cml: unverified")
    assert message.split()[-1] == SHA256
    assert subprocess.check_output([fetch_cml.CML.resolve()], text=True) == "0.20.6\n"
    monkeypatch.setenv("CML_SHA256", SHA256)
    fetch_cml.fetch_cml()
    assert capsys.readouterr().err == ""


def test_another_binary_is_not_used(monkeypatch):
    """Neither the one with another hash nor the one that was there before is left."""
    fetch_cml.fetch_cml()
    monkeypatch.setenv("CML_SHA256", "0" * 64)
    with pytest.raises(GitHubError, match="it is not used") as error:
        fetch_cml.fetch_cml()
    assert error.value.exit_code == 41
    assert list(fetch_cml.CML.parent.iterdir()) == []


def test_passing_failure_is_tried_again(release):
    """A server that is down is asked three times, and nothing is left."""
    release.down = True
    with pytest.raises(GitHubError, match="not available"):
        fetch_cml.fetch_cml()
    assert len(release.requests) == 3
    assert list(fetch_cml.CML.parent.iterdir()) == []


def test_lasting_failure_is_not_tried_again(release, monkeypatch):
    """A file that does not exist will not exist a second later."""
    monkeypatch.setenv("CML_URL", f"{release.url}/api/v3/repos/owner/name/nothing")
    with pytest.raises(GitHubError, match="not available"):
        fetch_cml.fetch_cml()
    assert len(release.requests) == 1


def test_plain_address_is_refused(monkeypatch):
    """Nothing is downloaded without TLS."""
    monkeypatch.setenv("CML_URL", "http://localhost/cml")
    with pytest.raises(runner.InputError, match="not an https address"):
        fetch_cml.fetch_cml()


def test_redirect_to_a_plain_address_is_refused(release, monkeypatch):
    """A redirect does not leave TLS either."""
    monkeypatch.setenv("CML_URL", f"{release.url}/api/v3/repos/owner/name/actions/artifacts/1/zip")
    release.tokens[""] = {"actions": "read"}
    release.artifacts = {"cml": BINARY}
    monkeypatch.setattr(release, "url", release.url.replace("https", "http"))
    with pytest.raises(GitHubError, match="which is not https"):
        fetch_cml.fetch_cml()
    assert all(path != "/files/zip" for _, path, _ in release.requests)
