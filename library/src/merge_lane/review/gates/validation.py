"""The gate on validation: every month keeps the contract. Always on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from merge_lane.review.gates.checks import Check, Verdict

if TYPE_CHECKING:
    from collections.abc import Iterator

    from merge_lane.review.evidence import Evidence

GATE = "validation"


def judge(evidence: Evidence) -> Iterator[Check]:
    """Judge the reports of the candidate's months."""
    return validation(evidence.validation)


def validation(reports: dict[str, dict[str, Any]]) -> Iterator[Check]:
    """Block each month whose report says that it breaks the contract."""
    broken = {month: report for month, report in reports.items() if not report.get("valid")}
    for month, report in broken.items():
        findings = [f"{entry['column']}: {entry['check']}" for entry in report.get("findings", [])]
        yield Check(GATE, month, Verdict.BLOCKED, "; ".join(findings) or "it breaks the contract")
    if not broken:
        yield Check(GATE, "", Verdict.PASS, f"{len(reports)} month(s) keep the contract")
