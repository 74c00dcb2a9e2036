"""Timing: real models in processes of their own, taking turns."""

from pathlib import Path

import polars as pl
import pytest
import toy

from merge_lane.errors import ReviewError
from merge_lane.review.stopwatch import timed

BUILD = """import toy


def build(rows):
{extra}    return toy.build(rows)


history = None
"""


@pytest.fixture
def slow_code(tmp_path):
    """The code of a project with the toy's features.build, and the same made ten times slower."""
    folders = tmp_path / "fast", tmp_path / "slow"
    for folder, extra in zip(folders, ("", "    sum(range(200_000))\n"), strict=True):
        package = folder / "src" / "timed_project"
        package.mkdir(parents=True)
        (package / "__init__.py").touch()
        (package / "features.py").write_text(BUILD.format(extra=extra))
        (folder / "library").mkdir()
        (folder / "library" / "src").symlink_to(Path(toy.__file__).parents[1] / "src")
        (folder / "src" / "toy.py").symlink_to(toy.__file__)
        (folder / "pyproject.toml").write_text('[tool.merge-lane]\npackage = "timed_project"\n')
    return folders


@pytest.fixture
def rows(tmp_path, toy_bundle):
    """A table with the request columns of the toy."""
    row = {**toy_bundle.manifest["self_test"]["row"], "holiday": False}
    table = pl.DataFrame([row] * 4, schema_overrides={"flight": pl.Float64})
    times = pl.col("sched_dep").str.to_datetime(time_unit="us")
    path = tmp_path / "rows.parquet"
    table.with_columns(times).write_parquet(path)
    return path


@pytest.mark.timeout(120)
def test_slower_code(slow_code, toy_directory, rows):
    """Code that is ten times slower is seen, however busy the machine is."""
    fast, slow = slow_code
    timing = timed((slow, toy_directory), (fast, toy_directory), rows)
    assert timing.candidate > 2 * timing.base


@pytest.mark.timeout(120)
def test_model_without_a_bundle(slow_code, tmp_path, rows):
    """A model that cannot be timed is an error with its reason."""
    with pytest.raises(ReviewError, match="cannot be timed"):
        timed((slow_code[0], tmp_path / "no-model"), None, rows)
