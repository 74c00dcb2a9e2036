"""DVC's cache travels between the jobs of a pull request."""

import io
import tarfile
from pathlib import Path

import pytest

from merge_lane.forge import runner
from merge_lane.forge.steps import cache

pytestmark = pytest.mark.usefixtures("dvc")

OBJECT = "files/md5/ab/cdef"


@pytest.fixture
def dvc(programs):
    programs.install("dvc")
    return programs


def put(name, text):
    path = Path(name)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def archive(*members):
    """Write an archive of (name, content) or of ready members."""
    cache.ARCHIVE.parent.mkdir(parents=True, exist_ok=True)
    with tarfile.open(cache.ARCHIVE, "w") as target:
        for name, data in members:
            info = name if isinstance(name, tarfile.TarInfo) else tarfile.TarInfo(name)
            info.size = len(data)
            target.addfile(info, io.BytesIO(data))


def test_cache_arrives_whole():
    """What one job packs the next one unpacks, with its mode; the archive is removed."""
    put(f".dvc/cache/{OBJECT}", "model").chmod(0o444)
    cache.pack()
    Path(".dvc").rename("before")
    cache.unpack()
    arrived = cache.CACHE / OBJECT
    assert (arrived.read_text(), arrived.stat().st_mode & 0o777) == ("model", 0o444)
    assert not cache.ARCHIVE.exists()


def test_existing_object_is_kept():
    """A file is named by its content: what is there is not replaced by what an archive claims."""
    put(f".dvc/cache/{OBJECT}", "model")
    archive((OBJECT, b"another"), ("files/md5/12/34", b"new"))
    cache.unpack()
    assert (cache.CACHE / OBJECT).read_text() == "model"
    assert (cache.CACHE / "files/md5/12/34").read_text() == "new"


def test_nothing_to_unpack(dvc):
    """A first run has no archive."""
    cache.unpack()
    assert dvc.calls() == []
    assert not cache.CACHE.exists()


def test_archive_does_not_leave_the_cache(tmp_path):
    """A path that leads out of the cache is refused."""
    archive(("../../../escaped", b"x"))
    with pytest.raises(runner.InputError, match=r"dvc-cache\.tar"):
        cache.unpack()
    assert not list(tmp_path.rglob("escaped"))


def test_link_is_left_out(tmp_path):
    """A link could lead a later file out of the cache."""
    link = tarfile.TarInfo("files/out")
    link.type, link.linkname = tarfile.SYMTYPE, str(tmp_path)
    archive((link, b""), ("files/out/escaped", b"x"))
    cache.unpack()
    assert not (tmp_path / "escaped").exists()
    assert not (cache.CACHE / "files/out").is_symlink()


def test_broken_archive_is_refused():
    """A truncated upload is a sentence, not a traceback."""
    put(str(cache.ARCHIVE), "no archive")
    with pytest.raises(runner.InputError, match="not an archive of DVC's cache"):
        cache.unpack()


def test_remote_takes_the_place_of_the_archive(dvc, monkeypatch):
    """With a remote DVC carries the cache, and its address is data."""
    monkeypatch.setenv("DVC_REMOTE", "s3://bucket/a b; id")
    cache.checkout()
    cache.pack()
    point = ["dvc", "remote", "modify", "--local", "storage", "url", "s3://bucket/a b; id"]
    assert dvc.calls() == [point, ["dvc", "pull", "--allow-missing"]]
    assert not cache.ARCHIVE.exists()


def test_checkout_takes_the_reproduced_lock(dvc):
    """The lock of the job before replaces the one of the branch, before DVC checks out."""
    put("dvc.lock", "stale")
    put("tmp/lock/dvc.lock", "fresh")
    put("tmp/lock/models/manifest.json", "{}")
    cache.checkout()
    assert Path("dvc.lock").read_text() == "fresh"
    assert Path("models/manifest.json").exists()
    assert dvc.calls() == [["dvc", "checkout", "--allow-missing"]]


def test_missing_cache_is_not_packed():
    """A pipeline that left no cache has nothing to hand over."""
    with pytest.raises(runner.InputError, match=r"no \.dvc/cache"):
        cache.pack()


def test_failure_of_dvc_ends_the_step(dvc):
    """Its exit code is the step's."""
    dvc.install("dvc", dvc__checkout=255)
    with pytest.raises(runner.ProgramError) as error:
        cache.checkout()
    assert error.value.exit_code == 255
