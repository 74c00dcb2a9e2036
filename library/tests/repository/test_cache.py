"""The cache is where DVC itself looks for it."""

from pathlib import Path

import dvc_project
import pytest

from merge_lane.errors import ProjectError
from merge_lane.repository.cache import cache_dir, object_path

CASES = {
    "default": {},
    "relative": {"repo": "dir = ../shared"},
    "absolute": {"repo": "dir = /srv/dvc"},
    "home": {"repo": "dir = ~/dvc"},
    "home in local": {"repo": "dir = ../shared", "local": "dir = ~/dvc"},
    "double quotes": {"repo": 'dir = "../with space"'},
    "single quotes": {"repo": "dir = '../with, comma'"},
    "percent": {"repo": "dir = ../a%20b"},
    "percent and brackets": {"repo": "dir = ../100%"},
    "local wins": {"repo": "dir = ../one", "local": "dir = ../two"},
    "capitals": {"repo": "DIR = ../shared"},
    "comment": {"repo": "dir = ../shared # of the team"},
    "other keys": {"repo": "type = symlink\n[core]\n    site_cache_dir = /srv/site\n    dir = /no"},
    "user": {"global": "dir = /srv/user"},
    "project over user": {"global": "dir = /srv/user", "repo": "dir = ../shared"},
    "system": {"system": "dir = here"},
    "empty": {"repo": "dir ="},
}


def configure(root, monkeypatch, levels):
    """Write one [cache] section for each level, and let DVC look for the user's and system's below `root`."""
    places = {
        "repo": ".dvc/config",
        "local": ".dvc/config.local",
        "global": "user/config",
        "system": "system/config",
    }
    for level, place in places.items():
        (root / place).parent.mkdir(parents=True, exist_ok=True)
        if level in levels:
            (root / place).write_text(f"[cache]\n    {levels[level]}\n")
    (root / ".dvc/config").touch()
    monkeypatch.setenv("DVC_GLOBAL_CONFIG_DIR", str(root / "user"))
    monkeypatch.setenv("DVC_SYSTEM_CONFIG_DIR", str(root / "system"))
    monkeypatch.setenv("HOME", str(root / "home"))
    return root


@pytest.mark.parametrize("levels", CASES.values(), ids=CASES.keys())
def test_cache_is_where_dvc_looks(tmp_path, monkeypatch, levels):
    """Each way to set cache.dir gives what `dvc cache dir` prints."""
    root = configure(tmp_path, monkeypatch, levels)
    (root / ".git").mkdir()
    result = dvc_project.dvc(root, "cache", "dir")
    assert result.returncode == 0, result.stderr
    expected = Path(result.stdout.strip() or root / ".dvc/cache")
    assert cache_dir(root) == expected


@pytest.mark.parametrize("text", ["[cache\ndir = x", "[cache]\ndir = a, b", "[cache]\ndir = %(no)s/x"])
def test_configuration_that_dvc_refuses_is_named(tmp_path, monkeypatch, text):
    """The error says which file to correct."""
    root = configure(tmp_path, monkeypatch, {})
    (root / ".dvc/config.local").write_text(text)
    with pytest.raises(ProjectError) as caught:
        cache_dir(root)
    assert caught.value.where == str(root / ".dvc/config.local")


def test_object_has_its_hash_as_path():
    """DVC 3 keeps objects by md5, the first two digits being a folder."""
    assert object_path(Path("/c"), "abcdef") == Path("/c/files/md5/ab/cdef")
