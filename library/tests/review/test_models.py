"""A model is scored by the worker of its own code, whatever this version's worker looks like."""

import json

import pytest

from merge_lane.errors import ReviewError
from merge_lane.review import models

RECORDS_ARGUMENTS = (
    "import json, pathlib, sys\npathlib.Path(sys.argv[3]).write_text(json.dumps(sys.argv[1:]))\n"
)


@pytest.fixture
def other_version(tmp_path):
    """A library whose modules are all elsewhere: only its worker is where every version has it."""
    code = tmp_path / "code"
    for name, text in {
        "src/team/__init__.py": "",
        "library/src/merge_lane/__init__.py": "",
        "library/src/merge_lane/review/__init__.py": "",
        "library/src/merge_lane/review/worker.py": RECORDS_ARGUMENTS,
    }.items():
        (code / name).parent.mkdir(parents=True, exist_ok=True)
        (code / name).write_text(text)
    return code


def test_other_versions_worker(other_version, tmp_path):
    """Main's own worker runs, with the documented command line."""
    target = tmp_path / "scored"
    models.run_worker(other_version, "score", "models", str(target), "1", "a.parquet", "b.parquet")
    assert json.loads(target.read_text()) == ["score", "models", str(target), "1", "a.parquet", "b.parquet"]


def test_version_without_worker(other_version, tmp_path):
    """A version without a worker is reported, and this version's worker does not stand in."""
    (other_version / "library/src/merge_lane/review/worker.py").unlink()
    with pytest.raises(ReviewError, match="No module named"):
        models.run_worker(other_version, "score", "models", str(tmp_path / "scored"), "0")
