"""`make run` ends with the step that people forget: commit the model on main before a branch."""

import subprocess
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[2] / "scripts/next-steps"
RESULTS = ("dvc.lock", "models/manifest.json", "reports/metrics.json")


@pytest.fixture
def repository(tmp_path):
    """A repository on main with a commit, where a model was just trained."""
    git(tmp_path, "init", "-q", "-b", "main")
    git(tmp_path, "commit", "-qm", "first", "--allow-empty")
    for name in RESULTS:
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("trained")
    return tmp_path


def git(root, *arguments):
    author = ["-c", "user.name=a", "-c", "user.email=a@example.org"]
    subprocess.run(["git", "-C", str(root), *author, *arguments], check=True)


def printed(root):
    return subprocess.run([SCRIPT], cwd=root, capture_output=True, text=True, check=True).stdout


def test_new_model_on_main(repository):
    """The three files are named, before a branch is."""
    text = printed(repository)
    assert "First commit this model on main" in text
    assert f"git add {' '.join(RESULTS)}" in text
    assert text.index("git add") < text.index("git switch -c")


def test_new_model_on_a_branch(repository):
    """On a branch the model belongs to the branch's commit."""
    git(repository, "switch", "-qc", "change")
    assert "you are on change" in printed(repository)
    assert "on main, before" not in printed(repository)


def test_committed_model(repository):
    """A model that is committed needs no reminder."""
    git(repository, "add", ".")
    git(repository, "commit", "-qm", "model")
    assert "git add" not in printed(repository)


def test_outside_git(tmp_path):
    """Without git the steps are printed all the same."""
    assert "make review" in printed(tmp_path)
