"""The pull request of an update."""

import dataclasses
import subprocess

import pytest

from merge_lane.template import proposal
from merge_lane.template.update import Update

UPDATE = Update(
    before="a" * 40,
    after="b" * 40,
    version_before="0.2.0",
    version_after="0.3.0",
    changes="### 0.3.0\n\n- Faster",
    subjects=("Two: a tool",),
    notes=(),
    unmerged=(),
    rejected={},
    ejected=False,
)


def changed(**fields):
    return dataclasses.replace(UPDATE, **fields)


@pytest.mark.parametrize(
    ("update", "expected"),
    [
        (UPDATE, "Update merge-lane 0.2.0 -> 0.3.0"),
        (changed(version_after="0.2.0"), "Update from the template"),
        (changed(ejected=True), "Update from the template"),
        (changed(unmerged=("a",), rejected={"b": "x"}), "Update merge-lane 0.2.0 -> 0.3.0 (2 conflicts)"),
    ],
)
def test_title(update, expected):
    """The title says from which version to which, and how many conflicts wait."""
    assert proposal.title(update) == expected


def test_text():
    """The text holds the changelog, and what changed in the template."""
    text = proposal.text(UPDATE)
    assert "## merge-lane 0.2.0 -> 0.3.0" in text
    assert "- Faster" in text
    assert "- Two: a tool" in text
    assert "Conflicts" not in text
    assert "To do by hand" not in text


def test_text_of_an_ejected_library():
    """A library of their own stays, and they read what they miss."""
    text = proposal.text(changed(ejected=True))
    assert "`library/` is yours and stays as it is" in text
    assert "- Faster" in text


def test_text_of_the_same_version():
    """Without a new version nothing is told of the library."""
    assert "merge-lane 0.2.0" not in proposal.text(changed(version_after="0.2.0"))


def test_conflicts():
    """Each conflict is named, with the template's side; its text cannot end its own block."""
    text = proposal.text(changed(unmerged=("Makefile",), rejected={"a.rej": "```\n" + "x" * 5000}))
    assert "## Conflicts: 2" in text
    assert "- `Makefile` holds conflict markers" in text
    assert "````diff\n```\n" in text
    assert "(cut: the file has the rest)" in text


def test_notes():
    """What people must do stands in the text."""
    assert "## To do by hand\n\nRun `make hooks` again." in proposal.text(
        changed(notes=("Run `make hooks` again.",))
    )


def test_write(tmp_path):
    """The patch holds new, changed and binary files, from the first commit on."""

    def git(*words):
        identity = ["-c", "user.name=a", "-c", "user.email=a@localhost"]
        return subprocess.run(
            ["git", *identity, *words], cwd=root, check=True, capture_output=True, text=True
        ).stdout

    root = tmp_path / "project"
    root.mkdir()
    git("init", "--quiet")
    git("commit", "--quiet", "--allow-empty", "--message", "One")
    (root / "binary").write_bytes(b"\0\1")
    proposal.write(UPDATE, root, git("rev-parse", "HEAD").strip(), tmp_path / "out")
    assert "GIT binary patch" in (tmp_path / "out/update.patch").read_text()
    assert (tmp_path / "out/title").read_text() == "Update merge-lane 0.2.0 -> 0.3.0\n"
    assert (tmp_path / "out/release").read_text() == "b" * 40 + "\n"
    assert (tmp_path / "out/body.md").read_text() == proposal.text(UPDATE)
