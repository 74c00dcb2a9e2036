"""Mermaid charts, which GitHub draws itself: nothing is uploaded."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from merge_lane.metrics.table import METRICS
from merge_lane.review.compare import gains

if TYPE_CHECKING:
    from collections.abc import Sequence

    from merge_lane.review.compare import Comparison

MAX_LABEL = 20
MAX_GROUPS = 24


def label(text: str) -> str:
    """Return text that is safe between the quotes of a Mermaid label."""
    return re.sub(r"[^A-Za-z0-9 .+()_-]", "?", text)[:MAX_LABEL].strip() or "?"


Series = tuple[str, list[float]]
"""`bar` or `line`, and its values."""


def xychart(title: str, names: Sequence[str], axis: str, series: Sequence[Series]) -> str:
    """Return a chart of `series` over `names`."""
    values = [value for _, points in series for value in points]
    low, high = min(values), max(values)
    margin = (high - low) * 0.1 or abs(high) * 0.1 or 1.0
    lines = [
        "```mermaid",
        "xychart-beta",
        f'  title "{title}"',
        f"  x-axis [{', '.join(chr(34) + label(name) + chr(34) for name in names)}]",
        f'  y-axis "{axis}" {low - margin:.5f} --> {high + margin:.5f}',
        *(f"  {kind} [{', '.join(f'{value:.5f}' for value in points)}]" for kind, points in series),
        "```",
    ]
    return "\n".join(lines)


def pie(title: str, shares: dict[str, float]) -> str:
    """Return a pie of positive shares."""
    kept = {name: value for name, value in shares.items() if value > 0}
    slices = [f'  "{label(name)}" : {value:g}' for name, value in kept.items()]
    return "\n".join(["```mermaid", f"pie title {title}", *slices, "```"])


def metrics(comparison: Comparison) -> str:
    """Return how much better each metric is than main's, in per cent of main's."""
    shown = {}
    for name, entry in comparison.metrics.items():
        gain = gains(comparison.task, name, entry)
        if gain is not None and entry["base"]:
            shown[METRICS[comparison.task][name].title] = 100 * gain[0] / abs(entry["base"])
    if not any(shown.values()):
        return ""
    return xychart("Better than main, per cent", list(shown), "per cent", [("bar", list(shown.values()))])


def by_slice(comparison: Comparison, name: str) -> str:
    """Return the first metric by group: bars are the candidate, the line is main."""
    metric = next(iter(METRICS[comparison.task].values()))
    groups = [
        (entry.group, entry.metrics[metric.name])
        for entry in comparison.slices
        if entry.name == name and entry.metrics and entry.metrics[metric.name]["candidate"] is not None
    ][:MAX_GROUPS]
    candidate = [value for _, one in groups if (value := one["candidate"]) is not None]
    base = [value for _, one in groups if (value := one["base"]) is not None]
    if not groups:
        return ""
    series = [("bar", candidate)] + ([("line", base)] if len(base) == len(groups) else [])
    title = f"{metric.title} by {label(name)} (line: main)" if base else f"{metric.title} by {label(name)}"
    return xychart(title, [group for group, _ in groups], metric.title, series)


def calibration(comparison: Comparison) -> str:
    """Return observed against predicted: bars are what happened, the line is what was predicted."""
    curve = comparison.candidate_curves["calibration"]
    predicted, observed = curve["predicted"].tolist(), curve["observed"].tolist()
    if not predicted:
        return ""
    names = [f"{value:.2f}" for value in predicted]
    title = "Calibration (bars: observed, line: predicted)"
    return xychart(title, names, "share", [("bar", observed), ("line", predicted)])
