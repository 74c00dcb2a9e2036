"""Gates on what a prediction costs: real models in processes of their own, taking turns."""

import shutil
from pathlib import Path

import polars as pl
import pytest
import toy
from review import cases

from merge_lane.errors import ReviewError
from merge_lane.review.gates import cost
from merge_lane.settings.gates import Latency, Size

LATENCY = Latency(reason="a test", free_ms=0.1, max_ratio=1.5, max_ms=10)
SIZE = Size(reason="a test", free_mb=0.1, max_ratio=2, max_mb=1)


def manifest(size):
    return {"files": {"model.onnx": {"bytes": size - 1}, "encoding.json": {"bytes": 1}}}


@pytest.mark.parametrize(
    ("base", "candidate", "verdicts"),
    [
        (1.0, 1.2, {"latency:limit": "pass", "latency:against main": "pass"}),
        (1.0, 1.6, {"latency:limit": "pass", "latency:against main": "blocked"}),
        (11.0, 11.0, {"latency:limit": "blocked", "latency:against main": "pass"}),
        (None, 1.0, {"latency:limit": "pass", "latency": "off"}),
        (0.01, 0.1, {"latency:limit": "pass", "latency:against main": "pass"}),  # next to nothing
    ],
)
def test_latency_is_judged_by_its_limit_and_against_main(base, candidate, verdicts):
    assert cases.verdicts(cost.latency(cost.Timed(base, candidate), LATENCY)) == verdicts


@pytest.mark.parametrize(
    ("base", "candidate", "verdicts"),
    [
        (500_000, 900_000, {"size:limit": "pass", "size:against main": "pass"}),
        (300_000, 900_000, {"size:limit": "pass", "size:against main": "blocked"}),
        (1_000, 150_000, {"size:limit": "pass", "size:against main": "pass"}),  # next to nothing
        (900_000, 1_100_000, {"size:limit": "blocked", "size:against main": "pass"}),
    ],
)
def test_size_is_judged_by_its_limit_and_against_main(base, candidate, verdicts):
    assert cases.verdicts(cost.size(manifest(candidate), manifest(base), SIZE)) == verdicts


def test_without_a_base_only_the_limit_judges_the_size():
    assert cases.verdicts(cost.size(manifest(10), None, SIZE)) == {"size:limit": "pass"}


def test_without_a_gate_the_size_is_not_judged():
    assert cases.verdicts(cost.size(manifest(10), None, None)) == {"size": "off"}


@pytest.fixture
def slow_code(tmp_path):
    """Two projects with the toy's features, the second of which takes ten times as long."""
    fast, slow = tmp_path / "fast", tmp_path / "slow"
    for folder, extra in ((fast, ""), (slow, "    sum(range(200_000))\n")):
        package = folder / "src/team"
        package.mkdir(parents=True)
        (package / "__init__.py").touch()
        shutil.copy(Path(toy.__file__), folder / "src/toy.py")
        code = f"import toy\n\n\ndef build(rows):\n{extra}    return toy.build(rows)\n\n\nhistory = None\n"
        (package / "features.py").write_text(code)
        (folder / "pyproject.toml").write_text('[tool.merge-lane]\npackage = "team"\n')
    return fast, slow


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
def test_slower_code_is_seen_on_a_busy_machine(slow_code, toy_directory, rows):
    fast, slow = slow_code
    found = cost.timed((slow, toy_directory), (fast, toy_directory), rows)
    assert found.candidate > 2 * found.base


@pytest.mark.timeout(120)
def test_a_model_that_cannot_be_timed_says_why(slow_code, tmp_path, rows):
    with pytest.raises(ReviewError, match="cannot be timed"):
        cost.timed((slow_code[0], tmp_path / "no-model"), None, rows)


def test_gates_written_without_the_free_part_have_one():
    """Projects on their own data name neither."""
    assert Latency(reason="a test", max_ratio=1.5, max_ms=10).free_ms > 0
    assert Size(reason="a test", max_ratio=3, max_mb=50).free_mb > 0
