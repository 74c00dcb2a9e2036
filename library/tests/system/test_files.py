"""Files appear whole or not at all, whatever stops the writing."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from merge_lane.errors import WriteError
from merge_lane.system import files

# Half a megabyte of a table, through the same door as every stage's file.
PROGRAM = """
import sys
from pathlib import Path
from merge_lane import errors
from merge_lane.system import files
try:
    files.write_text(Path("data/raw/table.csv"), "1,2,3\\n" * 100_000)
except errors.ProjectError as error:
    print(error, file=sys.stderr)
    sys.exit(error.exit_code)
"""


def stop_half_way(writer, target, error):
    """Begin to write and be stopped, as by Ctrl-C or a bug."""
    with writer(target) as path:
        (path / "model" if path.is_dir() else path).write_text("half")
        raise error


def everything(directory):
    return sorted(path.name for path in directory.rglob("*") if path.is_file())


def test_an_exception_while_writing_leaves_nothing(tmp_path):
    with pytest.raises(KeyError):
        stop_half_way(files.atomic_path, tmp_path / "a" / "table", KeyError)
    assert everything(tmp_path) == []


def test_an_exception_while_writing_leaves_the_former_file(tmp_path):
    files.write_text(tmp_path / "table", "former")
    with pytest.raises(KeyboardInterrupt):
        stop_half_way(files.atomic_path, tmp_path / "table", KeyboardInterrupt)
    assert everything(tmp_path) == ["table"]
    assert (tmp_path / "table").read_text() == "former\n"


def test_an_exception_while_writing_a_directory_leaves_the_former_one(tmp_path):
    with files.atomic_directory(tmp_path / "models") as fresh:
        (fresh / "model").write_text("former")
    with pytest.raises(KeyError):
        stop_half_way(files.atomic_directory, tmp_path / "models", KeyError)
    assert everything(tmp_path) == ["model"]
    assert (tmp_path / "models" / "model").read_text() == "former"


def test_a_directory_is_replaced_as_a_whole_and_keeps_what_it_was_told_to(tmp_path):
    for content in ("old", "new"):
        with files.atomic_directory(tmp_path / "models", keep=(".gitignore",)) as fresh:
            (fresh / content).write_text(content)
        (tmp_path / "models" / ".gitignore").write_text("/model\n")
    with files.atomic_directory(tmp_path / "models", keep=(".gitignore",)) as fresh:
        (fresh / "newest").write_text("newest")
    assert everything(tmp_path) == [".gitignore", "newest"]


def test_a_refusal_of_the_operating_system_is_a_write_error(tmp_path):
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(WriteError, match="Cannot write"):
        files.write_text(tmp_path / "file" / "below", "text")


def test_another_user_may_read_what_is_written(tmp_path):
    files.write_text(tmp_path / "table", "text")
    assert (tmp_path / "table").stat().st_mode & 0o777 == 0o644


def test_the_same_value_is_always_the_same_json(tmp_path):
    files.write_json(tmp_path / "a", {"b": 1.5, "a": ["é", None]})
    files.write_json(tmp_path / "b", {"a": ["é", None], "b": 1.5})
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()
    with pytest.raises(ValueError, match="not JSON compliant"):
        files.write_json(tmp_path / "c", float("nan"))
    assert everything(tmp_path) == ["a", "b"]


def test_the_digest_of_a_file_is_sha256(tmp_path):
    (tmp_path / "empty").touch()
    assert files.digest(tmp_path / "empty").startswith("e3b0c44298fc1c14")


def write(directory, *limits):
    """Write a large file in a process of its own: a file size limit is for a whole process."""
    command = [*limits, sys.executable, "-c", PROGRAM]
    return subprocess.run(command, cwd=directory, capture_output=True, text=True, timeout=60, check=False)


def check_refused(done, directory, reason):
    assert done.returncode == 16
    assert f"Cannot write data/raw/table.csv: {reason}" in done.stderr
    assert "no partial file was left" in done.stderr
    assert "Traceback" not in done.stderr
    assert everything(directory / "data") == []


def test_a_write_that_the_system_cuts_short_leaves_nothing_and_exits_with_16(tmp_path):
    """The limit of a file's size acts as a full disk does: the write itself is refused, half-way."""
    done = write(tmp_path, "bash", "-c", 'ulimit -f 100; exec "$0" "$@"')
    check_refused(done, tmp_path, "File too large")


@pytest.fixture
def full_disk(tmp_path):
    """A file system of 64 KiB."""
    target = tmp_path / "small"
    target.mkdir()
    mounted = (
        os.geteuid() == 0
        and not subprocess.run(
            ["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(target)], check=False, timeout=10
        ).returncode
    )
    if not mounted:
        pytest.skip("a file system can be mounted by root only")
    yield target
    subprocess.run(["umount", str(target)], check=True, timeout=10)


def test_a_full_disk_leaves_nothing_and_exits_with_16(full_disk):
    check_refused(write(full_disk), full_disk, "No space left on device")
