"""The gate on latency: limits, main's time, and what is free."""

import pytest
from review import cases

from merge_lane.review.gates.latency import latency
from merge_lane.review.stopwatch import Timed
from merge_lane.settings.gates import Latency

GATE = Latency(reason="a test", free_ms=0.1, max_ratio=1.5, max_ms=10)


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
def test_latency(base, candidate, verdicts):
    """The time of a prediction is judged by its limit and against main's."""
    assert cases.verdicts(latency(Timed(base, candidate), GATE)) == verdicts


def test_ratio_is_that_of_the_figures():
    """The ratio is that of the printed times, and the check says when only the free time lets it pass."""
    check = list(latency(Timed(0.05, 0.1), GATE))[-1]
    assert "main takes 0.050 ms: 2.00 times, the limit is 1.5; up to 0.15 ms" in check.detail


def test_free_time_has_a_default():
    """Projects on their own data do not name it."""
    assert Latency(reason="a test", max_ratio=1.5, max_ms=10).free_ms > 0
