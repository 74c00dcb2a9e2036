"""One outcome of one gate, and what a list of them comes to."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import date

    from merge_lane.settings.gates import Waiver


class Verdict(StrEnum):
    """The outcome of a check."""

    PASS = "pass"  # noqa: S105 - a verdict, no password
    BLOCKED = "blocked"
    UNDECIDED = (
        "undecided"  # the test set is too small to tell: blocks too, since missing data never means pass
    )
    WAIVED = "waived"
    OFF = "off"


BLOCKING = (Verdict.BLOCKED, Verdict.UNDECIDED)
UNWAIVABLE = ("pipeline", "waivers")


@dataclass(frozen=True)
class Check:
    """One check: its gate, what it looked at, its verdict and the figures behind it."""

    gate: str
    subject: str
    verdict: Verdict
    detail: str
    waiver: str = ""

    @property
    def name(self) -> str:
        """The name that a waiver calls the check by: `gate` or `gate:subject`."""
        return f"{self.gate}:{self.subject}" if self.subject else self.gate

    @property
    def blocks(self) -> bool:
        """True where the check stops the merge."""
        return self.verdict in BLOCKING

    def to_json(self) -> dict[str, Any]:
        """Return plain values."""
        return {**vars(self), "verdict": str(self.verdict)}


def judged(gate: str, subject: str, good: bool, detail: str) -> Check:
    """Return a check that passes where `good`."""
    return Check(gate, subject, Verdict.PASS if good else Verdict.BLOCKED, detail)


def compared(own: float, base: float, *, free: float, limit: float, unit: str) -> tuple[bool, str]:
    """Return whether a cost is at most `limit` times main's, and the ratio as text.

    Up to `limit` times `free` is good whatever main has: twice next to nothing is still next to nothing.
    """
    good = own / max(base, free) <= limit
    text = f"{own / base:.2f} times, the limit is {limit:g}" if base else "main has nothing"
    if good and own > limit * base:
        text += f"; up to {limit * free:g} {unit} ({limit:g} times the free {free:g} {unit}) passes"
    return good, text


def off(gate: str, why: str = "not in params.yaml") -> Check:
    """Return the check of a gate that judges nothing here."""
    return Check(gate, "", Verdict.OFF, why)


def waived(checks: Iterable[Check], waivers: Iterable[Waiver], today: date) -> list[Check]:
    """Apply the waivers that still hold to blocking checks, and block for each that has expired."""
    current = [waiver for waiver in waivers if waiver.until >= today]
    expired = [waiver for waiver in waivers if waiver.until < today]
    return [_excused(check, current) for check in checks] + [
        Check("waivers", waiver.gate, Verdict.BLOCKED, f"expired on {waiver.until}; owner {waiver.owner}")
        for waiver in expired
    ]


def _excused(check: Check, waivers: list[Waiver]) -> Check:
    for waiver in waivers:
        if check.blocks and waiver.gate in (check.gate, check.name) and check.gate not in UNWAIVABLE:
            text = f"{waiver.reason} ({waiver.owner}, until {waiver.until})"
            return replace(check, verdict=Verdict.WAIVED, waiver=text)
    return check


def blocking(checks: Iterable[Check]) -> list[str]:
    """Return the gates that stop the merge, each once, in order."""
    return list(dict.fromkeys(check.gate for check in checks if check.blocks))


def shortened(checks: Iterable[Check], each: int) -> list[Check | str]:
    """Return the checks, of each gate at most `each` with one verdict, and a note for the others."""
    kept: list[Check | str] = []
    seen: Counter[tuple[str, Verdict]] = Counter()
    for check in checks:
        seen[check.gate, check.verdict] += 1
        if seen[check.gate, check.verdict] <= each:
            kept.append(check)
    more = [
        f"and {count - each} more of {gate} ({verdict})"
        for (gate, verdict), count in seen.items()
        if count > each
    ]
    return [*kept, *more]
