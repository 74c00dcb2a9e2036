"""What a project records of its template, and what the verb says where there is nothing."""

import json

import pytest

from merge_lane import cli
from merge_lane.errors import UpdateError
from merge_lane.template import command, origin


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A git repository with one commit; the current folder."""
    identity = ["-c", "user.name=a", "-c", "user.email=a@localhost"]
    command.run("git", "init", "--quiet", at=tmp_path)
    command.run("git", *identity, "commit", "--quiet", "--allow-empty", "--message", "One", at=tmp_path)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.usefixtures("folder")
def test_no_template(capsys):
    """A project that nobody generated is told so."""
    assert cli.main(["update"]) == UpdateError.exit_code
    assert "was not generated from a template" in capsys.readouterr().err


def test_no_template_in_a_workflow(folder, capsys):
    """The template's own repository runs the same workflow: that is no failure there."""
    assert cli.main(["update", "--into", "out"]) == 0
    assert "nothing to update from" in capsys.readouterr().out
    assert not (folder / "out").exists()


def test_broken_record(folder):
    """A record that is not JSON is an error with a way out."""
    (folder / origin.STATE).write_text("{")
    with pytest.raises(UpdateError, match="not JSON") as error:
        origin.read(folder)
    assert "git checkout .cruft.json" in error.value.next


def test_no_release(folder):
    """A project made from an archive that git did not make says how to write its release down."""
    state = {"commit": None, "template": "https://example.org/t", "checkout": "template"}
    with pytest.raises(UpdateError, match="names no release") as error:
        origin.release(state, folder)
    assert "git log template" in error.value.next


def test_release_of_a_commit(folder):
    """The release is the one whose trailer names the commit of main."""
    identity = ["-c", "user.name=a", "-c", "user.email=a@localhost"]
    message = f"Two\n\nLive-Commit: {'c' * 40}"
    command.run("git", *identity, "commit", "--quiet", "--allow-empty", "--message", message, at=folder)
    head = command.run("git", "rev-parse", "HEAD", at=folder)
    assert origin.release({"commit": None, "live_commit": "c" * 40}, folder) == head


def test_dirty(folder, capsys):
    """An update waits for a clean work tree."""
    (folder / origin.STATE).write_text(json.dumps({"commit": None, "template": "."}))
    assert cli.main(["update"]) == UpdateError.exit_code
    assert "commit or stash them" in capsys.readouterr().err


def test_failed_command(folder):
    """A command that fails is quoted with its own message."""
    with pytest.raises(UpdateError, match="no-such-verb"):
        command.run("git", "no-such-verb", at=folder)
