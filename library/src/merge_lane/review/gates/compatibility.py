"""The contract beside main's: what changed, and what of it breaks those who rely on it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from merge_lane.review.gates.checks import Check, Verdict, off

if TYPE_CHECKING:
    from collections.abc import Iterator

    from merge_lane.data.columns import Column, Schema
    from merge_lane.settings.gates import Gate

GATE = "compatibility"
COMPARED = ("dtype", "role", "known", "nullable", "minimum", "maximum", "allowed", "pattern", "unit")


@dataclass(frozen=True)
class Change:
    """One difference of a column; breaking where a request that main accepts would be refused or misread."""

    column: str
    what: str
    breaking: bool


def changes(base: Schema, candidate: Schema) -> list[Change]:
    """Return every difference between two contracts, the columns of main first."""
    before, after = ({c.name: c for c in schema} for schema in (base, candidate))
    removed = [Change(name, "removed", _sent(before[name])) for name in before if name not in after]
    added = [_added(after[name]) for name in after if name not in before]
    kept = [change for name in before if name in after for change in _changed(before[name], after[name])]
    return [*removed, *kept, *added]


def _sent(column: Column) -> bool:
    return column.usable or column.role == "label"


def _added(column: Column) -> Change:
    required = column.usable and not column.nullable
    return Change(column.name, "added, required" if required else "added", required)


def _changed(before: Column, after: Column) -> Iterator[Change]:
    for name in COMPARED:
        old, new = getattr(before, name), getattr(after, name)
        if old != new:
            breaking = _sent(before) and _breaks(name, before, after)
            yield Change(before.name, f"{name}: {old} -> {new}", breaking)


def _breaks(name: str, before: Column, after: Column) -> bool:
    """Say whether a change narrows what may be sent. Widening is compatible."""
    old, new = getattr(before, name), getattr(after, name)
    narrowed = {
        "nullable": bool(old),
        "dtype": (old, new) != ("int", "float"),
        "role": before.usable and not after.usable,
        "known": before.usable and not after.usable,
        "unit": True,  # the same number then means something else
    }
    if name in narrowed:
        return narrowed[name]
    if new is None or old is None:
        return old is None  # a limit where there was none
    if name == "allowed":
        return not set(old) <= set(new)
    return bool({"minimum": new > old, "maximum": new < old}.get(name, True))


def compatibility(found: list[Change] | None, gate: Gate | None) -> Iterator[Check]:
    """Block each breaking change. `found` is None where main has no contract to compare with."""
    if gate is None or found is None:
        yield off(GATE, "not in params.yaml" if gate is None else "main has no contract yet")
        return
    breaking = [change for change in found if change.breaking]
    for change in breaking:
        yield Check(GATE, change.column, Verdict.BLOCKED, f"{change.what}: breaks who relies on it")
    if not breaking:
        yield Check(GATE, "", Verdict.PASS, f"{len(found)} change(s) of the contract, none breaking")
