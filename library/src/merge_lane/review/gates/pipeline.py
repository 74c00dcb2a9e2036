"""The gate on the pipeline: what is judged is what this work tree makes. Always on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from merge_lane.review.gates.checks import Check, Verdict

if TYPE_CHECKING:
    from collections.abc import Iterator

    from merge_lane.review.evidence import Evidence

GATE = "pipeline"


def judge(evidence: Evidence) -> Iterator[Check]:
    """Block where a stage's outputs are not those of the work tree."""
    if evidence.stale:
        stages = ", ".join(evidence.stale)
        detail = f"not reproduced for this work tree: {stages}; run `dvc pull`, then `dvc repro`"
        yield Check(GATE, "", Verdict.BLOCKED, detail)
    else:
        yield Check(GATE, "", Verdict.PASS, "every output is that of this work tree")
