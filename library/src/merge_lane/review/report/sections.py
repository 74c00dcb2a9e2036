"""The sections of report.md, in the order in which a reviewer needs them."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from merge_lane.metrics.table import METRICS
from merge_lane.review.changes import SAME
from merge_lane.review.compare import BETTER, NOISE, UNKNOWN, WORSE, gains, mark
from merge_lane.review.gates.checks import Verdict, shortened
from merge_lane.review.report import charts
from merge_lane.review.report.markdown import Section, code, escape, fence, table
from merge_lane.review.report.terminal import interval, number, verdict

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


def sections(found: Review, attachments: Sequence[tuple[str, str]] = ()) -> list[Section]:
    """Return all sections of the report; `attachments` are (title, text)."""
    return [section for section in _all(found, attachments) if section.lines]


def _all(found: Review, attachments: Sequence[tuple[str, str]]) -> Iterator[Section]:
    yield _verdict(found)
    if found.comparison is not None:
        yield _metrics(found.comparison)
    yield _gates(found)
    yield _contract(found)
    yield _params(found)
    yield _data(found)
    if found.comparison is not None:
        yield _moved(found.comparison)
        yield _charts(found.comparison)
    for title, text in attachments:
        yield Section(escape(title), [fence(text)], folded=True)
    yield _lineage(found)


def _verdict(found: Review) -> Section:
    sign = "❌" if found.blocked_by else "✅"
    why = [check for check in found.checks if check.blocks or check.verdict is Verdict.WAIVED]
    lines = [f"## {sign} {verdict(found)}", "", _compared(found)]
    shown = [f"- {_told(check)}" for check in shortened(why, SHOWN)]
    return Section("", [*lines, "", *shown] if why else lines, keep=True)


def _told(check: Check | str) -> str:
    if isinstance(check, str):
        return f"… {escape(check)}"
    return f"**{escape(check.name)}** {_waiver(check)}: {escape(check.detail, 400)}"


def _waiver(check: Check) -> str:
    return f"waived: {escape(check.waiver)}" if check.waiver else str(check.verdict)


def _compared(found: Review) -> str:
    if found.comparison is None:
        return "The candidate was not scored: its outputs are not those of this commit."
    rows = f"{found.comparison.rows:,} test rows in {found.comparison.blocks:,} days or blocks"
    if not found.comparison.has_base:
        return (
            f"On {rows}. There is nothing to compare with ({escape(found.base_how)}): only the limits judge."
        )
    return f"Both models on the same {rows}; {escape(found.base_how)}."


def _metrics(found: Comparison) -> Section:
    head = ("Metric", "main", "candidate", "difference", "interval", "")
    rows = [
        (
            METRICS[found.task][name].title,
            number(entry["base"]),
            number(entry["candidate"]),
            number(entry["difference"], "+.4f"),
            interval(entry),
            MARKS[mark(found.task, name, entry)],
        )
        for name, entry in found.metrics.items()
    ]
    lines = table(head, rows, numbers=range(1, 5))
    if found.delong is not None and found.delong.standard_error > 0:
        error = found.delong.standard_error
        lines += ["", f"DeLong's standard error of the AUC difference, were rows independent: {error:.4f}."]
    return Section("Metrics", lines, keep=True)


def _gates(found: Review) -> Section:
    rows = [
        (SIGNS[check.verdict], escape(check.name), escape(check.detail, 400), escape(check.waiver))
        for check in sorted(found.checks, key=lambda check: list(SIGNS).index(check.verdict) in (0, 4))
    ]
    counts = Counter(str(check.verdict) for check in found.checks)
    title = "Gates: " + ", ".join(f"{count} {name}" for name, count in sorted(counts.items()))
    reasons = _reasons(found)
    return Section(
        title, [*reasons, *table(("", "check", "figures", "waiver"), rows)], len(reasons) + 2, folded=True
    )


def _reasons(found: Review) -> list[str]:
    """Say why the gates that block are there."""
    gates = found.settings.gates
    said = [(name, getattr(getattr(gates, name, None), "reason", "")) for name in found.blocked_by]
    lines = [f"- {escape(name)}: {escape(reason)}" for name, reason in said if reason]
    return ["Why these gates are there:", "", *lines, ""] if lines else []


def _contract(found: Review) -> Section:
    rows = [
        (code(change.column), code(change.what), "❌ breaking" if change.breaking else "compatible")
        for change in found.contract or []
    ]
    return Section("Contract", table(("column", "change", ""), rows), 2) if rows else Section("", [])


def _params(found: Review) -> Section:
    rows = [(code(one.name), code(one.before or ""), code(one.after or "")) for one in found.params]
    if not rows:
        return Section("", [])
    lines = table(("parameter", "main", "candidate"), rows)
    if any(one.name.startswith("gates") for one in found.params):
        lines = ["⚠️ **This change moves the gates by which it is judged.**", "", *lines]
    return Section("Parameters", lines, len(lines) - len(rows))


def _data(found: Review) -> Section:
    rows = [
        (
            code(one.month),
            one.what if one.what == SAME else f"**{one.what}**",
            "-" if one.rows is None else f"{one.rows:,}",
            "-" if one.valid is None else ("keeps the contract" if one.valid else "❌ breaks the contract"),
            code(one.md5[:12]),
        )
        for one in found.months
    ]
    counts = Counter(one.what for one in found.months)
    title = "Data: " + ", ".join(f"{count} month(s) {what}" for what, count in counts.items())
    lines = table(("month", "", "rows", "validation", "md5"), rows, numbers=(2,))
    return Section(title, lines if rows else [], 2, folded=True)


def _moved(found: Comparison) -> Section:
    """The slices whose first metric moved most, surest first."""
    if not found.has_base:
        return Section("", [])
    metric = next(iter(METRICS[found.task]))
    moved = sorted(
        (one for one in found.slices if one.metrics), key=lambda one: -abs(_gain(found, one, metric))
    )
    rows = [_slice_row(found, one, metric) for one in moved if _gain(found, one, metric)]
    head = ("slice", "rows", "main", "candidate", "difference", "interval", "")
    lines = table(head, rows[:MOVED], numbers=range(1, 6))
    title = f"Slices that moved most ({METRICS[found.task][metric].title})"
    return Section(title, lines if rows else [], 2, folded=True)


def _gain(found: Comparison, one: Slice, metric: str) -> float:
    gain = gains(found.task, metric, one.metrics[metric])
    return 0.0 if gain is None else gain[0]


def _slice_row(found: Comparison, one: Slice, metric: str) -> tuple[str, ...]:
    entry = one.metrics[metric]
    return (
        code(one.title),
        f"{one.rows:,}",
        number(entry["base"]),
        number(entry["candidate"]),
        number(entry["difference"], "+.4f"),
        interval(entry),
        MARKS[mark(found.task, metric, entry)],
    )


def _charts(found: Comparison) -> Section:
    first = (
        "month"
        if any(one.name == "month" for one in found.slices)
        else next((one.name for one in found.slices), "")
    )
    rows = {one.group: float(one.rows) for one in found.slices if one.name == first}
    drawn = [
        charts.metrics(found),
        charts.by_slice(found, first),
        charts.calibration(found) if "ece" in found.metrics else "",
        charts.pie("Test rows", rows) if len(rows) > 1 else "",
    ]
    lines = [line for chart in drawn if chart for line in (chart, "")]
    return Section("Charts", lines, folded=True)


def _lineage(found: Review) -> Section:
    rows = [(escape(name), code(value)) for name, value in found.lineage.items()]
    commit = found.lineage.get("commit", "")[:40]
    how = f"git checkout {commit} && make setup && dvc repro --pull --allow-missing && make report"
    lines = [*table(("", ""), rows), "", "Reproduce it:", "", fence(how, "sh")]
    return Section("Lineage", lines, folded=True)
