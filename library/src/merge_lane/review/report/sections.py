"""The sections of report.md, in the order in which a reviewer needs them."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from merge_lane.metrics.table import METRICS
from merge_lane.review.changes import SAME
from merge_lane.review.compare import BETTER, NOISE, UNKNOWN, WORSE, gains
from merge_lane.review.gates.checks import Verdict, shortened
from merge_lane.review.report import charts
from merge_lane.review.report.figures import METRIC_HEAD, metric_row, metric_rows, rerun_text, verdict
from merge_lane.review.report.markdown import Section
from merge_lane.system.markdown import code, escape, fence, table

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from merge_lane.review.compare import Comparison, Slice
    from merge_lane.review.gates.checks import Check
    from merge_lane.review.run import Review

SIGNS = {
    Verdict.PASS: "✅ pass",
    Verdict.BLOCKED: "❌ blocked",
    Verdict.UNDECIDED: "❔ undecided",
    Verdict.WAIVED: "⚠️ waived",
    Verdict.OFF: "off",
}
MARKS = {BETTER: "🟢 better", WORSE: "🔴 worse", NOISE: "⚪ within noise", UNKNOWN: "no base"}
MOVED, SHOWN = 10, 3


def sections(review: Review, attachments: Sequence[tuple[str, str]] = ()) -> list[Section]:
    """Return all sections of the report; `attachments` are (title, text)."""
    return [section for section in _all(review, attachments) if section.lines]


def _all(review: Review, attachments: Sequence[tuple[str, str]]) -> Iterator[Section]:
    yield _verdict(review)
    if review.comparison is not None:
        yield _metrics(review.comparison)
    yield _gates(review)
    yield _contract(review)
    yield _params(review)
    yield _library(review)
    yield _data(review)
    if review.comparison is not None:
        yield _moved(review.comparison)
        yield _charts(review.comparison)
    for title, text in attachments:
        yield Section(escape(title), [fence(text)], folded=True)
    yield _lineage(review)


def _verdict(review: Review) -> Section:
    sign = "❌" if review.blocked_by else "✅"
    decisive = [check for check in review.checks if check.blocks or check.verdict is Verdict.WAIVED]
    lines = [f"## {sign} {verdict(review)}", "", _compared(review)]
    shown = [f"- {_line(check)}" for check in shortened(decisive, SHOWN)]
    return Section("", [*lines, "", *shown] if decisive else lines, keep=True)


def _line(check: Check | str) -> str:
    if isinstance(check, str):
        return f"… {escape(check)}"
    return f"**{escape(check.name)}** {_waiver(check)}: {escape(check.detail, 400)}"


def _waiver(check: Check) -> str:
    return f"waived: {escape(check.waiver)}" if check.waiver else str(check.verdict)


def _compared(review: Review) -> str:
    if review.comparison is None:
        return "The candidate was not scored: its outputs are not those of this commit."
    rows = f"{review.comparison.rows:,} test rows in {review.comparison.blocks:,} days or blocks"
    if not review.comparison.has_base:
        return (
            f"On {rows}. There is nothing to compare with ({escape(review.base_how)}): only the limits judge."
        )
    return f"Both models on the same {rows}; {escape(review.base_how)}."


def _metrics(comparison: Comparison) -> Section:
    rows = [(*row[:-1], MARKS[row[-1]]) for row in metric_rows(comparison)]
    lines = table(METRIC_HEAD, rows, numbers=range(1, 5))
    if comparison.delong is not None and comparison.delong.standard_error > 0:
        error = comparison.delong.standard_error
        lines += ["", f"DeLong's standard error of the AUC difference, were rows independent: {error:.4f}."]
    return Section("Metrics", lines, keep=True)


def _gates(review: Review) -> Section:
    rows = [
        (SIGNS[check.verdict], escape(check.name), escape(check.detail, 400), escape(check.waiver))
        for check in sorted(review.checks, key=lambda check: list(SIGNS).index(check.verdict) in (0, 4))
    ]
    counts = Counter(str(check.verdict) for check in review.checks)
    title = "Gates: " + ", ".join(f"{count} {name}" for name, count in sorted(counts.items()))
    reasons = _reasons(review)
    return Section(
        title, [*reasons, *table(("", "check", "figures", "waiver"), rows)], len(reasons) + 2, folded=True
    )


def _reasons(review: Review) -> list[str]:
    """Return the reasons of the gates that block."""
    gates = review.settings.gates
    reasons = [(name, getattr(getattr(gates, name, None), "reason", "")) for name in review.blocked_by]
    lines = [f"- {escape(name)}: {escape(reason)}" for name, reason in reasons if reason]
    return ["Why these gates are there:", "", *lines, ""] if lines else []


def _contract(review: Review) -> Section:
    rows = [
        (code(change.column), code(change.what), "❌ breaking" if change.breaking else "compatible")
        for change in review.contract or []
    ]
    return Section("Contract", table(("column", "change", ""), rows), 2) if rows else Section("", [])


def _params(review: Review) -> Section:
    rows = [(code(one.name), code(one.before or ""), code(one.after or "")) for one in review.params]
    if not rows:
        return Section("", [])
    lines = table(("parameter", "main", "candidate"), rows)
    if any(one.name.startswith("gates") for one in review.params):
        lines = ["⚠️ **This change moves the gates by which it is judged.**", "", *lines]
    return Section("Parameters", lines, len(lines) - len(rows))


def _library(review: Review) -> Section:
    """What a change of the library did to the stages that run it."""
    rows = [(code(one.stage), rerun_text(one)) for one in review.reruns]
    lines = table(("stage that the library changed", "its outputs"), rows)
    return Section("Library", lines, 2) if rows else Section("", [])


def _data(review: Review) -> Section:
    rows = [
        (
            code(one.month),
            one.what if one.what == SAME else f"**{one.what}**",
            "-" if one.rows is None else f"{one.rows:,}",
            "-" if one.valid is None else ("keeps the contract" if one.valid else "❌ breaks the contract"),
            code(one.md5[:12]),
        )
        for one in review.months
    ]
    counts = Counter(one.what for one in review.months)
    title = "Data: " + ", ".join(f"{count} month(s) {what}" for what, count in counts.items())
    lines = table(("month", "", "rows", "validation", "md5"), rows, numbers=(2,))
    return Section(title, lines if rows else [], 2, folded=True)


def _moved(comparison: Comparison) -> Section:
    """The slices whose first metric moved most, surest first."""
    if not comparison.has_base:
        return Section("", [])
    metric = next(iter(METRICS[comparison.task]))
    moved = sorted(
        (one for one in comparison.slices if one.metrics),
        key=lambda one: -abs(_gain(comparison, one, metric)),
    )
    rows = [_slice_row(comparison, one, metric) for one in moved if _gain(comparison, one, metric)]
    head = ("slice", "rows", "main", "candidate", "difference", "interval", "")
    lines = table(head, rows[:MOVED], numbers=range(1, 6))
    title = f"Slices that moved most ({METRICS[comparison.task][metric].title})"
    return Section(title, lines if rows else [], 2, folded=True)


def _gain(comparison: Comparison, one: Slice, metric: str) -> float:
    gain = gains(comparison.task, metric, one.metrics[metric])
    return 0.0 if gain is None else gain[0]


def _slice_row(comparison: Comparison, one: Slice, metric: str) -> tuple[str, ...]:
    _, *figures, better = metric_row(comparison.task, metric, one.metrics[metric])
    return (code(one.title), f"{one.rows:,}", *figures, MARKS[better])


def _charts(comparison: Comparison) -> Section:
    first = (
        "month"
        if any(one.name == "month" for one in comparison.slices)
        else next((one.name for one in comparison.slices), "")
    )
    rows = {one.group: float(one.rows) for one in comparison.slices if one.name == first}
    drawn = [
        charts.metrics(comparison),
        charts.by_slice(comparison, first),
        charts.calibration(comparison) if "ece" in comparison.metrics else "",
        charts.pie("Test rows", rows) if len(rows) > 1 else "",
    ]
    lines = [line for chart in drawn if chart for line in (chart, "")]
    return Section("Charts", lines, folded=True)


def _lineage(review: Review) -> Section:
    rows = [(escape(name), code(value)) for name, value in review.lineage.items()]
    commit = review.lineage.get("commit", "")[:40]
    how = f"git checkout {commit} && make setup && dvc repro --pull --allow-missing && make report"
    lines = [*table(("", ""), rows), "", "Reproduce it:", "", fence(how, "sh")]
    return Section("Lineage", lines, folded=True)
