"""What a version needs is put aside whole, from the work tree or from the history."""

import pytest

from merge_lane.errors import ProjectError
from merge_lane.release import chain
from merge_lane.release.targets.local import snapshot


def test_release_of_the_work_tree_is_put_aside_with_its_code(project, tmp_path):
    (project.root / "src/code.py").write_text("old")
    release = project.release()
    (project.root / "src/code.py").write_text("new")
    snapshot.collect(project.root, release, tmp_path / "home")
    chain.check(chain.bundle(tmp_path / "home/models", release))
    assert (tmp_path / "home/code/src/code.py").read_text() == "old"


def test_former_release_comes_from_the_cache_when_the_tree_has_moved_on(project, tmp_path):
    first = project.release("first")
    project.release("second")
    snapshot.collect(project.root, first, tmp_path / "home")
    chain.check(chain.bundle(tmp_path / "home/models", first))
    assert (tmp_path / "home/models/model.onnx").read_text() == "first"


def test_former_release_that_cannot_be_had_leaves_nothing_behind(project, tmp_path):
    import shutil

    first = project.release("first")
    project.release("second")
    shutil.rmtree(project.root / ".dvc")
    with pytest.raises(ProjectError, match="not available"):
        snapshot.collect(project.root, first, tmp_path / "home")
    assert not (tmp_path / "home").exists()
