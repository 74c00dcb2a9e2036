"""The gate on shift: no month of data moved away from what is known of it.

A month that main has too is compared with main's own. A new month is compared with the most similar known
month: seasons differ, so it may be twice as far from its nearest as the known months are from theirs.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from merge_lane.metrics.drift import Distance, Sketch, distance
from merge_lane.review.gates.checks import Check, Verdict, off

if TYPE_CHECKING:
    from collections.abc import Iterator

    from merge_lane.settings.gates import Shift

GATE = "shift"
SEASONS = 2.0
"""How many times as far from its nearest a new month may be as known months are from theirs."""
MIN_KNOWN = 3
"""Fewer known months than this say nothing about seasons."""
UNITS = {"numbers": "standard deviations", "categories": "Jensen-Shannon", "missing": "share of missing"}
"""The parts of a `Distance`, and in what each is measured."""

Month = dict[str, Sketch]
"""The sketch of each column of a month."""


def nearest(month: Month, others: list[Month]) -> dict[str, Distance]:
    """Return for each column the distance to the most similar of the other months, part by part."""
    distances = {
        name: [distance(column, other[name]) for other in others if name in other]
        for name, column in month.items()
    }
    return {
        name: Distance(**{part: min((getattr(one, part) for one in apart), default=0.0) for part in UNITS})
        for name, apart in distances.items()
    }


def seasons(known: list[Month]) -> dict[str, Distance]:
    """Return for each column the largest distance of a known month from its nearest; nothing for too few."""
    if len(known) < MIN_KNOWN:
        return {}
    apart = [nearest(month, [other for other in known if other is not month]) for month in known]
    return {
        name: Distance(**{part: max(getattr(one[name], part) for one in apart) for part in UNITS})
        for name in known[0]
        if all(name in one for one in apart)
    }


def shifted(
    name: str, apart: dict[str, Distance], usual: dict[str, Distance], gate: Shift
) -> Iterator[Check]:
    """Block each column of a month that lies further away than the gate and the seasons allow."""
    for column, moved in apart.items():
        for part, unit in UNITS.items():
            value = getattr(moved, part)
            limit = max(getattr(gate, part), SEASONS * getattr(usual.get(column, Distance()), part))
            if value > limit:
                detail = f"moved by {value:.2f} ({unit}), the limit is {limit:.2f}"
                yield Check(GATE, f"{name} {column}", Verdict.BLOCKED, detail)


def shift(
    changed: dict[str, tuple[Month, Month | None]], known: list[Month], gate: Shift | None
) -> Iterator[Check]:
    """Judge every changed or new month: (now, as main has it or None). `known` are the unchanged months."""
    if gate is None:
        yield off(GATE)
        return
    usual, blocked = seasons(known), False
    for name, (now, before) in changed.items():
        apart = nearest(now, known) if before is None else nearest(now, [before])
        for check in shifted(name, apart, usual if before is None else {}, gate):
            blocked = True
            yield check
    if not blocked:
        yield Check(GATE, "", Verdict.PASS, f"{len(changed)} month(s) new or changed, none moved away")


def validation(reports: dict[str, dict[str, Any]]) -> Iterator[Check]:
    """Block each month whose validation report says that it breaks the contract."""
    broken = {name: report for name, report in reports.items() if not report.get("valid")}
    for name, report in broken.items():
        findings = [f"{entry['column']}: {entry['check']}" for entry in report.get("findings", [])]
        yield Check("validation", name, Verdict.BLOCKED, "; ".join(findings) or "it breaks the contract")
    if not broken:
        yield Check("validation", "", Verdict.PASS, f"{len(reports)} month(s) keep the contract")
