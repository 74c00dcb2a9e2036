"""The gate on compatibility: no change of the contract breaks those who rely on it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from merge_lane.errors import LeakError
from merge_lane.review.gates.checks import Check, Verdict, off

if TYPE_CHECKING:
    from collections.abc import Iterator

    from merge_lane.review.changes import ColumnChange
    from merge_lane.review.evidence import Evidence
    from merge_lane.settings.gates import Gate

GATE = "compatibility"


def judge(evidence: Evidence) -> Iterator[Check]:
    """Judge the contract's changes; a contract that cannot be read is blocked (a leak: by its own gate)."""
    if evidence.refusal is None:
        yield from compatibility(evidence.contract, evidence.settings.gates.compatibility)
    elif not isinstance(evidence.refusal, LeakError):
        yield Check(GATE, "contract.py", Verdict.BLOCKED, evidence.refusal.what)


def compatibility(changes: list[ColumnChange] | None, gate: Gate | None) -> Iterator[Check]:
    """Block each breaking change; `changes` is None where main has no contract to compare with."""
    if gate is None or changes is None:
        yield off(GATE, "not in params.yaml" if gate is None else "main has no contract yet")
        return
    breaking = [change for change in changes if change.breaking]
    for change in breaking:
        yield Check(GATE, change.column, Verdict.BLOCKED, f"{change.what}: breaks who relies on it")
    if not breaking:
        yield Check(GATE, "", Verdict.PASS, f"{len(changes)} change(s) of the contract, none breaking")
