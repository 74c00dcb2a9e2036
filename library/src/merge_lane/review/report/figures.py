"""The verdict line and the rows of figures, the same in Markdown, on the page and in the terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from merge_lane.metrics.table import METRICS
from merge_lane.metrics.text import interval, number
from merge_lane.review.compare import mark

if TYPE_CHECKING:
    from collections.abc import Iterator

    from merge_lane.metrics.bootstrap import Difference
    from merge_lane.repository.fingerprints import Rerun
    from merge_lane.review.compare import Comparison
    from merge_lane.review.run import Review

METRIC_HEAD = ("metric", "main", "candidate", "difference", "interval", "")


def verdict(review: Review) -> str:
    """Return the verdict in one line."""
    if review.blocked_by:
        return f"BLOCKED by {', '.join(review.blocked_by)}"
    return "PASS: no gate blocks"


def rerun_text(rerun: Rerun) -> str:
    """Return what came of a stage that another version of the library ran."""
    return "same bytes" if rerun.same_bytes else "other bytes"


def metric_rows(comparison: Comparison) -> Iterator[tuple[str, ...]]:
    """Yield the row of each metric, with the columns of METRIC_HEAD; the last is `better` or the like."""
    for name, measured in comparison.metrics.items():
        yield metric_row(comparison.task, name, measured)


def metric_row(task: str, name: str, measured: Difference) -> tuple[str, ...]:
    """Return one row. The interval is of the difference, or of the value where there is no base."""
    pattern = ".4f" if measured["difference"] is None else "+.4f"
    return (
        METRICS[task][name].title,
        number(measured["base"]),
        number(measured["candidate"]),
        number(measured["difference"], "+.4f"),
        interval(measured["low"], measured["high"], pattern),
        mark(task, name, measured),
    )
