"""The gate on data: every month keeps the contract, and no month moved away from what is known of it.

A month that main has too is compared with main's own. A new month is compared with the month that it is most
like: seasons differ, so it may be as far from its nearest as twice what the known months are from theirs.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from merge_lane.review.gates.checks import Check, Verdict, off

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from merge_lane.data.columns import Arrays
    from merge_lane.settings.gates import Shift

GATE = "shift"
QUANTILES = np.linspace(0, 1, 101)
SEASONS = 2.0
"""A new month may be so many times as far from its nearest as known months are from theirs."""
MIN_ROWS = 200
MIN_KNOWN = 3
"""Fewer known months than this say nothing about seasons."""


@dataclass(frozen=True)
class Sketch:
    """One column of one month, small: quantiles of numbers or shares of texts, and the share of missing."""

    missing: float
    quantiles: np.ndarray | None
    spread: float
    shares: dict[str, float]


Month = dict[str, Sketch]


def sketch(columns: Arrays) -> Month:
    """Return the sketch of each column: numbers (n,) with NaN for missing, texts as objects."""
    return {name: _column(values) for name, values in columns.items()}


def _column(values: np.ndarray) -> Sketch:
    if values.dtype == object:
        texts = [value for value in values.tolist() if value is not None]
        found, counts = np.unique(np.array(texts, dtype=str), return_counts=True)
        shares = {str(text): count / len(texts) for text, count in zip(found, counts.tolist(), strict=True)}
        return Sketch(1 - len(texts) / max(len(values), 1), None, 0.0, shares)
    known = values[np.isfinite(values)]
    quantiles = np.quantile(known, QUANTILES) if len(known) else None
    missing = 1 - len(known) / max(len(values), 1)
    return Sketch(missing, quantiles, float(known.std()) if len(known) else 0.0, {})


@dataclass(frozen=True)
class Distance:
    """How far two sketches of a column lie apart, each in its own measure; 0 where it does not apply."""

    numbers: float = 0.0
    categories: float = 0.0
    missing: float = 0.0


MEASURES = {"numbers": "standard deviations", "categories": "Jensen-Shannon", "missing": "share of missing"}


def distance(one: Sketch, other: Sketch) -> Distance:
    """Return Wasserstein distance over standard deviation, Jensen-Shannon distance, difference of missing."""
    return Distance(
        numbers=_numbers(one, other),
        categories=_categories(one.shares, other.shares),
        missing=abs(one.missing - other.missing),
    )


def _numbers(one: Sketch, other: Sketch) -> float:
    if one.quantiles is None or other.quantiles is None:
        return 0.0
    moved = float(np.abs(one.quantiles - other.quantiles).mean())
    return moved / max(one.spread, other.spread) if moved else 0.0


def _categories(one: Mapping[str, float], other: Mapping[str, float]) -> float:
    """Return the Jensen-Shannon distance (base 2): 0 for equal shares, 1 for nothing in common."""
    if not one or not other:
        return 0.0
    names = sorted({*one, *other})
    p, q = (np.array([shares.get(name, 0.0) for name in names]) for shares in (one, other))
    middle = (p + q) / 2
    divergence = sum(
        float(np.sum(part * np.log2(part / middle, where=part > 0, out=np.zeros_like(part))))
        for part in (p, q)
    )
    return float(np.sqrt(max(divergence / 2, 0.0)))


def nearest(month: Month, others: list[Month]) -> dict[str, Distance]:
    """Return for each column the distance to the most similar of the other months, measure by measure."""
    found = {}
    for name, column in month.items():
        apart = [distance(column, other[name]) for other in others if name in other]
        found[name] = Distance(
            **{kind: min((getattr(one, kind) for one in apart), default=0.0) for kind in MEASURES}
        )
    return found


def seasons(known: list[Month]) -> dict[str, Distance]:
    """Return for each column how far the loneliest known month is from its nearest."""
    if len(known) < MIN_KNOWN:
        return {}
    lonely = [nearest(month, [other for other in known if other is not month]) for month in known]
    return {
        name: Distance(**{kind: max(getattr(one[name], kind) for one in lonely) for kind in MEASURES})
        for name in known[0]
        if all(name in one for one in lonely)
    }


def shifted(
    name: str, apart: dict[str, Distance], usual: dict[str, Distance], gate: Shift
) -> Iterator[Check]:
    """Block each column of a month that lies further away than the gate and the seasons allow."""
    for column, found in apart.items():
        for kind, words in MEASURES.items():
            value = getattr(found, kind)
            limit = max(getattr(gate, kind), SEASONS * getattr(usual.get(column, Distance()), kind))
            if value > limit:
                detail = f"moved by {value:.2f} ({words}), the limit is {limit:.2f}"
                yield Check(GATE, f"{name} {column}", Verdict.BLOCKED, detail)


def shift(
    changed: dict[str, tuple[Month, Month | None]], known: list[Month], gate: Shift | None
) -> Iterator[Check]:
    """Judge every changed or new month: (now, as main has it or None). `known` are the months that stayed."""
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
