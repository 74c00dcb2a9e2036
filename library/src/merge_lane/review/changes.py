"""What else differs from main: parameters, months of data, columns of the contract."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from merge_lane.errors import ReviewError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from merge_lane.data.columns import Column, Schema

SAME, NEW, CHANGED, REMOVED = "same", "new", "changed", "removed"
COMPARED = ("dtype", "role", "known", "nullable", "minimum", "maximum", "allowed", "pattern", "unit")


@dataclass(frozen=True)
class ParamChange:
    """One parameter with another value; None where a side does not have it. Values are JSON text."""

    name: str
    before: str | None
    after: str | None


def params(before: bytes | None, after: bytes) -> list[ParamChange]:
    """Return every key of params.yaml whose value differs, in the order of the candidate's file."""
    old, new = (_flat(_tree(text)) if text else {} for text in (before, after))
    names = [*new, *(name for name in old if name not in new)]
    return [
        ParamChange(name, old.get(name), new.get(name)) for name in names if old.get(name) != new.get(name)
    ]


def _tree(text: bytes) -> Any:
    from ruamel.yaml import YAML
    from ruamel.yaml.error import YAMLError

    try:
        return YAML(typ="safe").load(text.decode())
    except (YAMLError, UnicodeDecodeError) as error:
        raise ReviewError("main's params.yaml is not YAML.", where="params.yaml") from error


def _flat(tree: Any, prefix: str = "") -> dict[str, str]:
    if not isinstance(tree, dict) or not tree:
        return {prefix: json.dumps(tree, ensure_ascii=False, default=str)}
    return {
        name: value
        for key, inner in tree.items()
        for name, value in _flat(inner, f"{prefix}.{key}" if prefix else str(key)).items()
    }


@dataclass(frozen=True)
class MonthChange:
    """One month of raw data: what became of it, its rows as validated, and whether it keeps the contract."""

    month: str
    what: str
    rows: int | None
    md5: str
    valid: bool | None


def used(raw: dict[str, str], params: bytes | None) -> dict[str, str]:
    """Return the months of `raw` that `params` names in data.months.

    dvc.lock keeps the stages of months that left params.yaml: they are no longer part of that revision.
    """
    tree = _tree(params) if params else None
    data = tree.get("data") if isinstance(tree, dict) else None
    named = data.get("months") if isinstance(data, dict) else None
    if not isinstance(named, list):
        return raw
    return {month: md5 for month, md5 in raw.items() if month in [str(name) for name in named]}


def months(
    before: dict[str, str], after: dict[str, str], reports: dict[str, dict[str, Any]]
) -> list[MonthChange]:
    """Return all months, by the md5 of their raw files on both sides."""
    present = [
        MonthChange(
            month,
            NEW if month not in before else (SAME if before[month] == md5 else CHANGED),
            reports.get(month, {}).get("rows"),
            md5,
            reports.get(month, {}).get("valid"),
        )
        for month, md5 in after.items()
    ]
    removed = [
        MonthChange(month, REMOVED, None, md5, None) for month, md5 in before.items() if month not in after
    ]
    return sorted([*present, *removed], key=lambda change: change.month)


@dataclass(frozen=True)
class ColumnChange:
    """One difference of a column; breaking where a request that main accepts would be refused or misread."""

    column: str
    what: str
    breaking: bool


def contract(base: Schema, candidate: Schema) -> list[ColumnChange]:
    """Return every difference between two contracts, the columns of main first."""
    before, after = ({c.name: c for c in schema} for schema in (base, candidate))
    removed = [ColumnChange(name, "removed", _sent(before[name])) for name in before if name not in after]
    added = [_added(after[name]) for name in after if name not in before]
    kept = [change for name in before if name in after for change in _changed(before[name], after[name])]
    return [*removed, *kept, *added]


def _sent(column: Column) -> bool:
    return column.usable or column.role == "label"


def _added(column: Column) -> ColumnChange:
    required = column.usable and not column.nullable
    return ColumnChange(column.name, "added, required" if required else "added", required)


def _changed(before: Column, after: Column) -> Iterator[ColumnChange]:
    for name in COMPARED:
        old, new = getattr(before, name), getattr(after, name)
        if old != new:
            breaking = _sent(before) and _breaks(name, before, after)
            yield ColumnChange(before.name, f"{name}: {old} -> {new}", breaking)


def _breaks(name: str, before: Column, after: Column) -> bool:
    """Return whether a change narrows what may be sent. Widening is compatible."""
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
