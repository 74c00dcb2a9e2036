"""A project's library: a locked wheel, or its own source."""

import pytest

from merge_lane import cli
from merge_lane.errors import UpdateError
from merge_lane.template import library
from merge_lane.version import __version__


def test_put(project):
    """The wheel is the only one, and both locks name it."""
    library.put(project, "merge_lane-9.0-py3-none-any.whl", b"x")
    assert library.wheel(project).read_bytes() == b"x"
    for name in ("all", "serve"):
        lock = (project / "requirements" / f"{name}.txt").read_text()
        assert lock.count("merge-lane==") == 1
        assert "merge-lane==9.0 \\\n    --hash=sha256:2d711642b726b044" in lock


def test_eject(project, backend, tmp_path):
    """The source is complete: it builds the very wheel that it came from."""
    packed = library.wheel(project).read_bytes()
    assert cli.main(["eject"]) == 0
    ejected = backend(project / "library")
    name = ejected.build_wheel(str(tmp_path / "again"))
    assert (tmp_path / "again" / name).read_bytes() == packed
    assert (project / "library/pyproject.toml").exists()
    assert not (project / "library/src/merge_lane/_source").exists()


def test_eject_removes_the_pin(project, capsys):
    """The wheel and its lines in the locks are gone, and the message names the version and the next step."""
    cli.main(["eject"])
    assert not (project / "vendor").exists()
    for name in ("all", "serve"):
        assert (project / "requirements" / f"{name}.txt").read_text() == "click==8.1\nzlib-x==1\n"
    assert f"the source of merge-lane {__version__}. Run `make setup`" in capsys.readouterr().out


def test_eject_twice(project, capsys):
    """A source that is there already is kept."""
    cli.main(["eject"])
    (project / "library/README.md").write_text("ours")
    assert cli.main(["eject"]) == UpdateError.exit_code
    assert "in this project already" in capsys.readouterr().err
    assert (project / "library/README.md").read_text() == "ours"


def test_eject_without_a_wheel(project, capsys):
    """A missing wheel is an error, and nothing is written."""
    library.wheel(project).unlink()
    assert cli.main(["eject"]) == UpdateError.exit_code
    assert "git checkout vendor" in capsys.readouterr().err
    assert not (project / "library").exists()


def test_two_wheels(project):
    """Nobody could say which of two is meant."""
    (project / "vendor/merge_lane-9.0-py3-none-any.whl").write_bytes(b"x")
    with pytest.raises(UpdateError, match="2 wheels"):
        library.wheel(project)
