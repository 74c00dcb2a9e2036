"""The review as text: what `make review` prints."""

from __future__ import annotations

from typing import TYPE_CHECKING

from merge_lane.metrics.table import METRICS
from merge_lane.review.compare import mark
from merge_lane.review.gates.checks import shortened

if TYPE_CHECKING:
    from merge_lane.metrics.bootstrap import Difference
    from merge_lane.review.compare import Comparison
    from merge_lane.review.run import Review


SHOWN = 6
"""Of each gate so many checks with one verdict are printed; the report has all."""


def render(found: Review) -> str:
    """Return verdict, metrics and checks, one a line."""
    parts = [verdict(found), f"base {found.base.revision[:12]}: {found.base_how or 'not scored'}"]
    if found.comparison is not None:
        parts += ["", *metric_lines(found.comparison)]
    shown = shortened(found.checks, SHOWN)
    width = max((len(check.name) for check in shown if not isinstance(check, str)), default=0)
    checks = [
        f"{'':<9} {check}"
        if isinstance(check, str)
        else f"{check.verdict.upper():<9} {check.name:<{width}}  {check.waiver or check.detail}"
        for check in shown
    ]
    return "\n".join(_plain(line) for line in [*parts, "", *checks])


def verdict(found: Review) -> str:
    """Return the verdict in one line."""
    if found.blocked_by:
        return f"BLOCKED by {', '.join(found.blocked_by)}"
    return "PASS: no gate blocks"


def metric_lines(found: Comparison) -> list[str]:
    """Return the metrics as an aligned table."""
    head = ("metric", "main", "candidate", "difference", "interval", "")
    body = [
        (
            METRICS[found.task][name].title,
            number(entry["base"]),
            number(entry["candidate"]),
            number(entry["difference"], "+.4f"),
            interval(entry),
            mark(found.task, name, entry),
        )
        for name, entry in found.metrics.items()
    ]
    widths = [max(len(row[place]) for row in (head, *body)) for place in range(len(head))]
    return [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) for row in (head, *body)
    ]


def number(value: float | None, pattern: str = ".4f") -> str:
    """Return a figure, or a dash where there is none."""
    return "-" if value is None else format(value, pattern)


def interval(found: Difference) -> str:
    """Return the interval in brackets: of the difference, or of the value where there is no base."""
    pattern = ".4f" if found["difference"] is None else "+.4f"
    return (
        "-"
        if found["low"] is None
        else f"[{number(found['low'], pattern)}, {number(found['high'], pattern)}]"
    )


def _plain(line: str) -> str:
    """Drop control characters: a hostile name must not steer the terminal."""
    return "".join(character for character in line if character.isprintable())
