"""Quantiles, ratios and the table that the scripts print."""

from __future__ import annotations

import os
from statistics import median
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from benchmarks.load import Sample


def quantile(values: Iterable[float], share: float) -> float:
    """Return the smallest value that at least `share` of the values do not exceed; NaN of nothing."""
    ordered = sorted(values)
    if not ordered:
        return float("nan")
    return ordered[min(len(ordered) - 1, max(0, -int(-share * len(ordered) // 1) - 1))]


def within(samples: Iterable[Sample], windows: Sequence[tuple[float, float]]) -> list[Sample]:
    """Return the samples that began in one of the windows."""
    return [sample for sample in samples if any(begin <= sample.begun < end for begin, end in windows)]


def failed(samples: Iterable[Sample]) -> int:
    """Return how many requests were not answered with 200."""
    return sum(sample.status != 200 for sample in samples)  # noqa: PLR2004 - OK


def milliseconds(samples: Iterable[Sample], share: float) -> float:
    """Return a quantile of the latencies in milliseconds."""
    return 1000 * quantile((sample.seconds for sample in samples), share)


def middle(values: Iterable[float]) -> float:
    """Return the median."""
    return median(values)


def median_ratio(pairs: Iterable[tuple[float, float]]) -> float:
    """Return the median ratio of paired measurements: what disturbs a round disturbs both its sides."""
    return median(ours / theirs for ours, theirs in pairs)


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return rows as text in columns, the first to the left and the others to the right."""
    lines = [head, *rows]
    widths = [max(len(line[place]) for line in lines) for place in range(len(head))]
    return "\n".join(
        "  ".join(
            cell.rjust(width) if place else cell.ljust(width)
            for place, (cell, width) in enumerate(zip(line, widths, strict=True))
        ).rstrip()
        for line in lines
    )


def machine() -> str:
    """Return what the figures depend on."""
    return f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f} before this run"
