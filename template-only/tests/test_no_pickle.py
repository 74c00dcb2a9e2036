"""Nothing is pickled, anywhere: found by content, for a name proves nothing and loading one runs its code."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import pickle
import subprocess
import zipfile
from pathlib import Path

import joblib
import numpy as np
import pytest
from pickle_scan import holds_pickle, pickles_in
from sklearn.linear_model import LogisticRegression

ROOT = Path(__file__).parents[2]


def files_of_the_repository():
    """Every file that git knows or would take, and what the pipeline and MLflow left here."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, check=True, timeout=60).stdout
    made = [
        path for name in ("models", "reports", "data", "mlartifacts") for path in (ROOT / name).rglob("*")
    ]
    return {ROOT / name for name in listed.decode().split("\0") if name} | set(made)


def test_the_repository_its_models_and_its_tracked_runs_hold_no_pickle():
    files = files_of_the_repository()
    assert len(files) > 20
    assert pickles_in(files) == []


class Payload:
    """What an attacker would hide: loading it would run a command."""

    def __reduce__(self):
        return print, ("run",)


def dumped(obj, **options):
    stream = io.BytesIO()
    joblib.dump(obj, stream, **options)
    return stream.getvalue()


def zipped(data):
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr("archive/data.json", data)
    return stream.getvalue()


def saved(array):
    stream = io.BytesIO()
    np.save(stream, array, allow_pickle=True)
    return stream.getvalue()


MODEL = LogisticRegression().fit(np.arange(40.0).reshape(20, 2), [0, 1] * 10)
PLANTED = {
    **{f"protocol {number}": pickle.dumps(Payload(), protocol=number) for number in range(6)},
    "a plain value": pickle.dumps({"weights": [1.0, 2.0]}),
    "a model": pickle.dumps(MODEL),
    "gzip": gzip.compress(pickle.dumps(MODEL)),
    "bz2": bz2.compress(pickle.dumps(MODEL)),
    "xz": lzma.compress(pickle.dumps(MODEL)),
    "zip": zipped(pickle.dumps(MODEL)),
    "joblib": dumped(MODEL),
    "joblib, large array": dumped({"w": np.ones(100_000)}),
    "joblib, zlib": dumped(MODEL, compress=("zlib", 3)),
    "joblib, lzma": dumped(MODEL, compress=("lzma", 3)),
    "array of objects": saved(np.array([Payload(), None], dtype=object)),
}


@pytest.mark.parametrize("kind", PLANTED)
def test_a_pickle_with_an_innocent_name_is_found(tmp_path, kind):
    planted = tmp_path / "manifest.json"
    planted.write_bytes(PLANTED[kind])
    assert pickles_in([planted]) == [str(planted)]


INNOCENT = {
    "nothing": b"",
    "two characters": b"N.",
    "code": b"import os\n",
    "JSON": b'{"a": 1}\n',
    "a byte like the header": b"\x80 is no protocol",
    "compressed text": gzip.compress(b"text"),
    "array of numbers": saved(np.ones(9)),
}


@pytest.mark.parametrize("kind", INNOCENT)
def test_what_is_no_pickle_is_left_alone(kind):
    assert not holds_pickle(INNOCENT[kind])
