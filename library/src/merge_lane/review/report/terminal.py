"""The review as text: what `make review` prints."""

from __future__ import annotations

from typing import TYPE_CHECKING

from merge_lane.review.gates.checks import shortened
from merge_lane.review.report.figures import METRIC_HEAD, metric_rows, verdict

if TYPE_CHECKING:
    from merge_lane.review.compare import Comparison
    from merge_lane.review.run import Review


SHOWN = 6
"""Print at most this many checks per gate and verdict; the report has all."""


def render(review: Review) -> str:
    """Return verdict, metrics and checks, one a line."""
    parts = [verdict(review), f"base {review.base.revision[:12]}: {review.base_how or 'not scored'}"]
    if review.comparison is not None:
        parts += ["", *metric_lines(review.comparison)]
    shown = shortened(review.checks, SHOWN)
    width = max((len(check.name) for check in shown if not isinstance(check, str)), default=0)
    checks = [
        f"{'':<9} {check}"
        if isinstance(check, str)
        else f"{check.verdict.upper():<9} {check.name:<{width}}  {check.waiver or check.detail}"
        for check in shown
    ]
    return "\n".join(_plain(line) for line in [*parts, "", *checks])


def metric_lines(comparison: Comparison) -> list[str]:
    """Return the metrics as an aligned table."""
    rows = [METRIC_HEAD, *metric_rows(comparison)]
    widths = [max(len(cell) for cell in column) for column in zip(*rows, strict=True)]
    return ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) for row in rows]


def _plain(line: str) -> str:
    """Drop control characters: a hostile name must not steer the terminal."""
    return "".join(character for character in line if character.isprintable())
