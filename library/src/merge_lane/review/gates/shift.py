"""The gate on shift: no month of data moved away from what is known of it.

A month that main has too is compared with main's own. A new month is compared with the most similar known
month: seasons differ, so it may be twice as far from its nearest as the known months are from theirs.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from merge_lane.data import tables
from merge_lane.errors import ReviewError
from merge_lane.metrics.drift import Distance, Sketch, distance, sketch
from merge_lane.review.changes import CHANGED, NEW, SAME
from merge_lane.review.gates.checks import Check, Verdict, off

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from merge_lane.data.columns import Schema
    from merge_lane.repository.revision import Base
    from merge_lane.review.evidence import Evidence
    from merge_lane.settings.gates import Shift

GATE = "shift"
SEASONS = 2.0
"""How many times as far from its nearest a new month may be as known months are from theirs."""
MIN_KNOWN = 3
"""Fewer known months than this say nothing about seasons."""
UNITS = {"numbers": "standard deviations", "categories": "Jensen-Shannon", "missing": "share of missing"}
"""The parts of a `Distance`, and in what each is measured."""

Month = dict[str, Sketch]
"""The sketch of each column of a month."""


def nearest(month: Month, others: list[Month]) -> dict[str, Distance]:
    """Return for each column the distance to the most similar of the other months, part by part."""
    distances = {
        name: [distance(column, other[name]) for other in others if name in other]
        for name, column in month.items()
    }
    return {
        name: Distance(**{part: min((getattr(one, part) for one in apart), default=0.0) for part in UNITS})
        for name, apart in distances.items()
    }


def seasons(known: list[Month]) -> dict[str, Distance]:
    """Return for each column the largest distance of a known month from its nearest; nothing for too few."""
    if len(known) < MIN_KNOWN:
        return {}
    apart = [nearest(month, [other for other in known if other is not month]) for month in known]
    return {
        name: Distance(**{part: max(getattr(one[name], part) for one in apart) for part in UNITS})
        for name in known[0]
        if all(name in one for one in apart)
    }


def shifted(
    name: str, apart: dict[str, Distance], usual: dict[str, Distance], gate: Shift
) -> Iterator[Check]:
    """Block each column of a month that lies further away than the gate and the seasons allow."""
    for column, moved in apart.items():
        for part, unit in UNITS.items():
            value = getattr(moved, part)
            limit = max(getattr(gate, part), SEASONS * getattr(usual.get(column, Distance()), part))
            if value > limit:
                detail = f"moved by {value:.2f} ({unit}), the limit is {limit:.2f}"
                yield Check(GATE, f"{name} {column}", Verdict.BLOCKED, detail)


def shift(
    changed: dict[str, tuple[Month, Month | None]], known: list[Month], gate: Shift | None
) -> Iterator[Check]:
    """Judge every changed or new month: (now, as main has it or None). `known` are the unchanged months."""
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


def judge(evidence: Evidence) -> Iterator[Check]:
    """Judge the months of the candidate that main does not have, or has otherwise."""
    if evidence.schema is None:
        yield off(GATE, "the contract cannot be read")
        return
    gate = evidence.settings.gates.shift
    moved, same = ({}, []) if gate is None else _months(evidence, evidence.schema)
    yield from shift(moved, same, gate)


def _months(evidence: Evidence, schema: Schema) -> tuple[dict[str, tuple[Month, Month | None]], list[Month]]:
    """Return the changed valid months (now, as main has it) and, where there are any, the unchanged ones."""
    changed = [one.month for one in evidence.months if one.what in (NEW, CHANGED) and one.valid]
    same = [one.month for one in evidence.months if one.what == SAME and changed]
    root = evidence.base.root
    now = {name: _sketched(root / f"data/raw/{name}.parquet", schema) for name in (*changed, *same)}
    before = {name: _on_main(evidence.base, name, schema) for name in changed}
    return {name: (now[name], before[name]) for name in changed}, [now[name] for name in same]


def _on_main(base: Base, month: str, schema: Schema) -> Month | None:
    try:
        return _sketched(base.fetch(f"data/raw/{month}.parquet"), schema)
    except ReviewError:
        return None


def _sketched(path: Path, schema: Schema) -> Month:
    """Return the sketch of each feature, the time of day and the label of a raw month."""
    rows = tables.read(path)
    columns = [c for c in schema.raw if c.role in ("feature", "time", "label") and c.name in rows.columns]
    clocks = [
        (pl.col(c.name).dt.hour().cast(pl.Float64) * 60 + pl.col(c.name).dt.minute()).alias(c.name)
        for c in columns
        if rows[c.name].dtype.is_temporal()
    ]
    arrays = tables.to_arrays(rows.with_columns(clocks), [c.name for c in columns])
    return {name: sketch(values) for name, values in arrays.items()}
