"""report.html: one file with everything in it, which loads nothing and runs nothing."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from merge_lane.metrics.table import METRICS
from merge_lane.review.compare import gains
from merge_lane.review.report.figures import METRIC_HEAD, metric_row, metric_rows, rerun_text, verdict
from merge_lane.review.report.plots import plots

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from merge_lane.review.compare import Comparison
    from merge_lane.review.run import Review

POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'"
STYLE = """body{font:15px/1.5 system-ui,sans-serif;max-width:70rem;margin:2rem auto;padding:0 1rem}
table{border-collapse:collapse;margin:1rem 0}td,th{border:1px solid #ccc;padding:.25rem .6rem;text-align:left}
.blocked,.worse,.undecided{color:#a40000}.pass,.better{color:#006400}.waived{color:#8a5a00}
figure{display:inline-block;margin:.5rem}img{max-width:100%}pre{white-space:pre-wrap;background:#f4f4f4;padding:1rem}"""


def page(review: Review, attachments: Sequence[tuple[str, str]] = ()) -> str:
    """Return the whole page; every text is escaped, and its policy lets the browser load nothing."""
    title = escape(verdict(review))
    return "\n".join(
        [
            "<!doctype html>",
            '<html lang="en"><head><meta charset="utf-8">',
            f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">',
            f"<title>{title}</title><style>{STYLE}</style></head><body>",
            f'<h1 class="{"blocked" if review.blocked_by else "pass"}">{title}</h1>',
            *_body(review, attachments),
            "</body></html>",
        ]
    )


def _body(review: Review, attachments: Sequence[tuple[str, str]]) -> Iterator[str]:
    yield f"<p>Base {escape(review.base.revision[:12])}: {escape(review.base_how or 'not scored')}</p>"
    if review.comparison is not None:
        yield "<h2>Metrics</h2>" + _table(METRIC_HEAD, metric_rows(review.comparison))
    checks = [(str(c.verdict), c.name, c.detail, c.waiver) for c in review.checks]
    yield "<h2>Gates</h2>" + _table(("", "check", "figures", "waiver"), checks)
    if review.comparison is not None and review.model is not None:
        yield "<h2>Plots</h2>"
        yield from (_figure(title, uri) for title, uri in plots(review.comparison, review.model))
        yield "<h2>Slices</h2>" + _table(("slice", "rows", *METRIC_HEAD), _slice_rows(review.comparison))
    yield "<h2>Changes</h2>" + _table(("what", "main", "candidate"), _change_rows(review))
    months = [(m.month, m.what, str(m.rows or "-"), str(m.valid), m.md5) for m in review.months]
    yield "<h2>Data</h2>" + _table(("month", "", "rows", "valid", "md5"), months)
    yield "<h2>Lineage</h2>" + _table(("", ""), list(review.lineage.items()))
    for title, text in attachments:
        yield f"<h2>{escape(title)}</h2><pre>{escape(text)}</pre>"


def _slice_rows(comparison: Comparison) -> Iterator[tuple[str, ...]]:
    """Yield the first metric of each group that has enough rows, the worst first."""
    task = comparison.task
    first = next(iter(METRICS[task]))
    large = [group for group in comparison.slices if group.metrics]
    for group in sorted(large, key=lambda one: (gains(task, first, one.metrics[first]) or (0.0,))[0]):
        yield group.title, f"{group.rows:,}", *metric_row(task, first, group.metrics[first])


def _change_rows(review: Review) -> list[tuple[str, ...]]:
    contract = [
        (f"contract: {c.column}", "", c.what + (" (breaking)" if c.breaking else ""))
        for c in review.contract or []
    ]
    library = [(f"library: {one.stage}", "", rerun_text(one)) for one in review.reruns]
    return [*((p.name, p.before or "", p.after or "") for p in review.params), *library, *contract]


def _figure(title: str, uri: str) -> str:
    return f'<figure><figcaption>{escape(title)}</figcaption><img alt="{escape(title)}" src="{uri}"></figure>'


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    top = "".join(f"<th>{escape(cell)}</th>" for cell in head)
    body = "".join(f"<tr>{''.join(_cell(cell) for cell in row)}</tr>" for row in rows)
    return f"<table><tr>{top}</tr>{body}</table>"


def _cell(text: str) -> str:
    known = text if text in ("blocked", "undecided", "waived", "pass", "better", "worse") else ""
    return f'<td class="{known}">{escape(text)}</td>' if known else f"<td>{escape(text)}</td>"
