"""The gates of a pull request: one judge for each name, in the order of the report.

A judge takes the evidence and returns its checks. A gate of your own is one more entry.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from merge_lane.review.gates import (
    behaviour,
    compatibility,
    latency,
    leakage,
    performance,
    pipeline,
    shift,
    size,
    validation,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from merge_lane.review.evidence import Evidence
    from merge_lane.review.gates.checks import Check

    Judge = Callable[[Evidence], Iterable[Check]]

GATES: dict[str, Judge] = {
    "pipeline": pipeline.judge,
    "validation": validation.judge,
    "compatibility": compatibility.judge,
    "shift": shift.judge,
    "leakage": leakage.judge,
    "floors": performance.judge_floors,
    "non_inferiority": performance.judge_non_inferiority,
    "slices": performance.judge_slices,
    "calibration": performance.judge_calibration,
    "size": size.judge,
    "latency": latency.judge,
    "behaviour": behaviour.judge,
}
"""Judges by the name of their gate in params.yaml; `pipeline` and `validation` are always on."""


def judge(evidence: Evidence) -> list[Check]:
    """Return the checks of every gate."""
    return [check for gate in GATES.values() for check in gate(evidence)]
