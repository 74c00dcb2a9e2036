"""One reader of dvc.lock and dvc.yaml: typed entries, no alias, an error that names the file."""

import pytest
import yaml

from merge_lane.errors import LockError
from merge_lane.repository import lockfile

LOCK = b"""\
schema: '2.0'
stages:
  ingest@a:
    cmd: merge-lane ingest a
    deps:
    - path: s3://bucket/key
      etag: abc
    params:
      params.yaml:
        source: yes
        at: 12:30:45
    outs:
    - path: raw/a
      hash: md5
      md5: 00000000000000000000000000000000.dir
      size: 1
"""


def test_entries_are_typed():
    """A stage has its name, files with hashes, and parameters as DVC wrote them."""
    stage = lockfile.stages(LOCK)["ingest@a"]
    assert (stage.name, stage.base) == ("ingest@a", "ingest")
    assert stage.deps == (lockfile.Entry("s3://bucket/key", None),)
    assert stage.outs == (lockfile.Entry("raw/a", "0" * 32 + ".dir"),)


def test_values_are_those_that_dvc_wrote():
    """DVC writes YAML 1.2, in which `yes` and a time of day are text."""
    assert lockfile.stages(LOCK)["ingest@a"].params == {"params.yaml": {"source": "yes", "at": "12:30:45"}}


def test_outputs_are_listed_with_their_hash():
    """An output that DVC does not hash is left out."""
    assert lockfile.outputs(LOCK) == {"raw/a": "0" * 32 + ".dir"}
    assert lockfile.outputs(None) == {}


def test_folder_without_a_lock_has_no_stages(tmp_path):
    """No dvc.lock is not an empty one."""
    assert lockfile.read(tmp_path) is None
    (tmp_path / "dvc.lock").write_bytes(LOCK)
    assert list(lockfile.read(tmp_path)) == ["ingest@a"]


@pytest.mark.parametrize(
    "text",
    [
        b"\xff\xfe",
        b"stages: [",
        b"<<<<<<< HEAD\nstages:\n",
        b"[]",
        b"",
        b"schema: '2.0'",
        b"schema: '2.0'\nstages: []",
        b"schema: '2.0'\nstages: {a: 1}",
        b"schema: '2.0'\nstages: {a: {params: []}}",
        b"schema: '2.0'\nstages: {a: {params: {params.yaml: 1}}}",
        b"schema: '2.0'\nstages: {a: {outs: 1}}",
        b"schema: '2.0'\nstages: {a: {outs: [1]}}",
        b"schema: '2.0'\nstages: {a: {outs: [{path: x, md5: 12}]}}",
        b"schema: '2.0'\nstages: {a: {}, a: {}}",
        b"schema: '2.0'\nstages: {? [a] : {}}",
        b"schema: '2.0'\nstages: &x {a: {}}\nb: *x",
        b"schema: !!python/object:os.system {}",
        b"a: " + b"[" * 50_000,
        b"{" * 50_000,
    ],
    ids=range(19),
)
def test_text_that_is_no_lock_is_refused(tmp_path, text):
    """The error names the file and the next step."""
    (tmp_path / "dvc.lock").write_bytes(text)
    with pytest.raises(LockError, match=r"dvc\.lock cannot be read") as caught:
        lockfile.read(tmp_path)
    assert caught.value.where == str(tmp_path / "dvc.lock")
    assert "make lock" in caught.value.next


def test_nested_aliases_are_refused_before_they_fill_the_memory():
    """Ten lines stand for a billion values."""
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 10)]
    with pytest.raises(LockError, match="alias"):
        lockfile.parse_yaml("\n".join(lines).encode(), "dvc.lock")


def test_outputs_in_git_are_those_that_dvc_does_not_cache():
    """Matrix stages and metrics count; a cached output does not."""
    pipeline = {
        "stages": {
            "a": {"outs": [{"x.json": {"cache": False}}, "y", {"z": {"persist": True}}]},
            "b": {"foreach": [1], "do": {"metrics": [{"m.json": {"cache": False}}]}},
        }
    }
    assert lockfile.uncached_outputs(yaml.safe_dump(pipeline).encode()) == {"x.json", "m.json"}
    assert lockfile.uncached_outputs(None) == set()


def test_pipeline_that_cannot_be_read_is_named():
    """The error is about dvc.yaml, not about the lock."""
    with pytest.raises(LockError, match=r"dvc\.yaml cannot be read") as caught:
        lockfile.uncached_outputs(b"stages: [")
    assert "git diff dvc.yaml" in caught.value.next
