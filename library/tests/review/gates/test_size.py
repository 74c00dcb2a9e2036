"""The gate on size: limits, main's size, and what is free."""

import pytest
from review import cases

from merge_lane.review.gates.size import size
from merge_lane.settings.gates import Size

GATE = Size(reason="a test", free_mb=0.1, max_ratio=2, max_mb=1)


def manifest(size):
    return {"files": {"model.onnx": {"bytes": size - 1}, "encoding.json": {"bytes": 1}}}


@pytest.mark.parametrize(
    ("base", "candidate", "verdicts"),
    [
        (500_000, 900_000, {"size:limit": "pass", "size:against main": "pass"}),
        (300_000, 900_000, {"size:limit": "pass", "size:against main": "blocked"}),
        (1_000, 150_000, {"size:limit": "pass", "size:against main": "pass"}),  # next to nothing
        (900_000, 1_100_000, {"size:limit": "blocked", "size:against main": "pass"}),
    ],
)
def test_size(base, candidate, verdicts):
    """A bundle is judged by its limit and against main's."""
    assert cases.verdicts(size(manifest(candidate), manifest(base), GATE)) == verdicts


@pytest.mark.parametrize(
    ("base", "candidate", "text"),
    [
        (80_000, 80_000, "0.08 MB, main has 0.08 MB: 1.00 times, the limit is 2"),
        (50_000, 150_000, "3.00 times, the limit is 2; up to 0.2 MB (2 times the free 0.1 MB) passes"),
        (50_000, 300_000, "6.00 times, the limit is 2"),
    ],
    ids=["same", "free", "blocked"],
)
def test_ratio_is_that_of_the_figures(base, candidate, text):
    """The ratio is that of the printed sizes; where only the free size lets it pass, the check says so."""
    check = list(size(manifest(candidate), manifest(base), GATE))[-1]
    assert check.detail.endswith(text)


def test_no_base():
    """Without main's bundle only the limit judges."""
    assert cases.verdicts(size(manifest(10), None, GATE)) == {"size:limit": "pass"}


def test_no_gate():
    """Without a gate in params.yaml nothing is judged."""
    assert cases.verdicts(size(manifest(10), None, None)) == {"size": "off"}


def test_free_size_has_a_default():
    """Projects on their own data do not name it."""
    assert Size(reason="a test", max_ratio=3, max_mb=50).free_mb > 0
