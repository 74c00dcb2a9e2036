"""The gate on size: how many bytes the bundle has, and how many more than main's."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from merge_lane.review.gates.checks import Check, compared, judged, off

if TYPE_CHECKING:
    from collections.abc import Iterator

    from merge_lane.review.evidence import Evidence
    from merge_lane.settings.gates import Size

GATE = "size"
MB = 1_000_000


def judge(evidence: Evidence) -> Iterator[Check]:
    """Judge the candidate's bundle, where there is one."""
    if evidence.model is not None:
        yield from size(evidence.model.manifest, evidence.base_manifest, evidence.settings.gates.size)


def size(candidate: dict[str, Any], base: dict[str, Any] | None, gate: Size | None) -> Iterator[Check]:
    """Judge the bytes that the manifests name."""
    if gate is None:
        yield off(GATE)
        return
    own = _megabytes(candidate)
    text = f"{own:.2f} MB"
    yield judged(GATE, "limit", own <= gate.max_mb, f"{text}, the limit is {gate.max_mb:g} MB")
    if base is not None:
        other = _megabytes(base)
        good, times = compared(own, other, free=gate.free_mb, limit=gate.max_ratio, unit="MB")
        yield judged(GATE, "against main", good, f"{text}, main has {other:.2f} MB: {times}")


def _megabytes(manifest: dict[str, Any]) -> float:
    return sum(int(entry["bytes"]) for entry in manifest["files"].values()) / MB
