"""One helper runs git: text, bytes, None or an error with git's own message."""

import pytest

from merge_lane.errors import GitError
from merge_lane.repository import git


@pytest.fixture
def root(tmp_path):
    """A repository with one commit, and a project in a folder of it."""
    project = tmp_path / "project"
    project.mkdir()
    (project / "data.bin").write_bytes(b"\xff\r\n")
    for command in (
        ("init", "-q"),
        ("add", "-A"),
        ("-c", "user.name=t", "-c", "user.email=t@localhost", "commit", "-qm", "start"),
    ):
        git.git(*command, root=tmp_path)
    return project


def test_text_has_no_last_newline(root):
    """A name or an id needs no strip()."""
    assert git.git("rev-parse", "--show-prefix", root=root) == "project/"


def test_bytes_are_the_files(root):
    """No decoding, no change of newlines."""
    assert git.git_bytes("show", "HEAD:project/data.bin", root=root) == b"\xff\r\n"


def test_refusal_carries_gits_message(root):
    """The error names the command and what git prints."""
    with pytest.raises(GitError, match="unknown revision") as caught:
        git.git("log", "nowhere", root=root)
    assert caught.value.where == "git log nowhere"
    assert caught.value.exit_code == 23


def test_ask_returns_none_for_a_refusal(root):
    """A question may have no answer."""
    assert git.ask("config", "--get", "no.such", root=root) is None


def test_slow_git_is_stopped(root):
    """git waits for nobody longer than its timeout."""
    with pytest.raises(GitError, match="took longer than"):
        git.git("-c", "alias.wait=!sleep 5", "wait", root=root, seconds=0.05)


def test_missing_git_is_named(root, monkeypatch):
    """A machine without git gets a sentence, not a traceback."""
    monkeypatch.setenv("PATH", "")
    with pytest.raises(GitError, match="not installed"):
        git.git("status", root=root)


def test_environment_is_added(root):
    """The rest of the environment stays."""
    assert "Ada" in git.git(
        "var",
        "GIT_AUTHOR_IDENT",
        root=root,
        env={"GIT_AUTHOR_NAME": "Ada", "GIT_AUTHOR_EMAIL": "a@localhost"},
    )


def test_blob_is_relative_to_the_root(root):
    """The project may be a folder of its repository."""
    (root / "data.bin").write_bytes(b"changed")
    assert git.blob("HEAD", "data.bin", root=root) == b"\xff\r\n"


def test_blob_of_a_missing_file_is_none(root):
    """A revision without the file is no error."""
    assert git.blob("HEAD", "nothing", root=root) is None


@pytest.mark.parametrize("revision", ["nowhere", "--help", "HEAD^{tree}"])
def test_blob_of_an_unknown_revision_is_refused(root, revision):
    """A missing revision is not a missing file."""
    with pytest.raises(GitError, match="no revision"):
        git.blob(revision, "data.bin", root=root)


def test_blob_that_git_cannot_read_is_refused(root):
    """A lost object is not a missing file."""
    name = git.git("rev-parse", "HEAD:project/data.bin", root=root)
    (root.parent / ".git/objects" / name[:2] / name[2:]).unlink()
    with pytest.raises(GitError, match="cat-file failed"):
        git.blob("HEAD", "data.bin", root=root)
