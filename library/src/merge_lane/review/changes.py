"""What else differs from main: parameters and months of data."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from merge_lane.errors import ReviewError

SAME, NEW, CHANGED, REMOVED = "same", "new", "changed", "removed"


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


def months(
    before: dict[str, str], after: dict[str, str], reports: dict[str, dict[str, Any]]
) -> list[MonthChange]:
    """Return all months, by the md5 of their raw files on both sides."""
    found = [
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
    return sorted([*found, *removed], key=lambda change: change.month)
