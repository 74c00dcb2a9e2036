"""After a switch of branches the model's files are brought back; an altered file still raises the alarm."""

import shutil

import pytest

from merge_lane.errors import ChainError, ReleaseError
from merge_lane.release import chain, worktree

STAGE = "stages:\n  train:\n    cmd: 'true'\n    outs:\n"


@pytest.fixture
def branches(project):
    """A project with a model on main and another on a branch, each kept by DVC; main is checked out last."""
    names = ("behaviour.json", "contract.json", "model.onnx")
    outs = "".join(f"    - models/{name}\n" for name in names)
    (project.root / "dvc.yaml").write_text(
        f"{STAGE}{outs}    - models/manifest.json:\n        cache: false\n"
    )
    (project.root / ".dvc").mkdir(exist_ok=True)
    (project.root / ".dvc/config").write_text("[core]\n    analytics = false\n")
    project.made = project.release("main")
    project.git("switch", "-qc", "other")
    project.release("other")
    project.git("switch", "-q", "main")
    return project


def model(project):
    """Return the text of the model in the work tree."""
    return (project.root / "models/model.onnx").read_text()


def restore(project):
    """Restore the model files of main and return what was reported."""
    messages = []
    worktree.restore(project.root, project.made, messages.append)
    return messages


def test_files_of_another_branch(branches):
    """The files of the other branch are named and replaced, and the chain then holds."""
    assert model(branches) == "other"
    (message,) = restore(branches)
    assert "(model other)" in message
    assert model(branches) == "main"
    chain.check(chain.bundle(branches.root / "models", branches.made))


def test_missing_files(branches):
    """A file that is not there is brought back too."""
    restore(branches)
    (branches.root / "models/model.onnx").unlink()
    restore(branches)
    assert model(branches) == "main"


def test_files_of_this_commit(branches, monkeypatch):
    """Nothing runs and nothing is reported where the files are right."""
    restore(branches)
    monkeypatch.setattr(worktree, "_checkout", lambda _: pytest.fail("dvc ran"))
    assert restore(branches) == []


def test_altered_file(branches):
    """A file that no commit and no cache knows is not overwritten, and the chain raises the alarm."""
    restore(branches)
    (branches.root / "models/model.onnx").write_text("altered by someone")
    assert restore(branches) == []
    assert model(branches) == "altered by someone"
    with pytest.raises(ChainError, match=r"bundle file model\.onnx"):
        chain.check(chain.bundle(branches.root / "models", branches.made))


def test_lost_cache(branches):
    """Where DVC has this commit's files no more, the message says whose files these are and what to do."""
    shutil.rmtree(branches.root / ".dvc/cache")
    with pytest.raises(ReleaseError, match=r"files of \w+ \(model other\)") as raised:
        restore(branches)
    assert "dvc pull" in raised.value.next
    assert model(branches) == "other"
