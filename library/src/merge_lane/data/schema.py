"""Declare a column of a contract (`column`) and read a contract (`read`): from pandera to plain values.

A project uses the helpers of `merge_lane.contract`, one for each kind of column; they call `column`.
"""

from __future__ import annotations

from typing import Any

import pandera.polars as pa

from merge_lane.data.columns import Column, Known, Role, Schema
from merge_lane.errors import ContractError, LeakError

DTYPES = {"Int64": "int", "Float64": "float", "String": "str", "Boolean": "bool"}


def column(
    about: str,
    *,
    role: Role,
    known: Known,
    nullable: bool = False,
    minimum: float | None = None,
    maximum: float | None = None,
    allowed: tuple[str | int, ...] | None = None,
    pattern: str | None = None,
    unit: str = "",
    example: Any = None,
    derived: bool = False,
    name: str | None = None,
) -> Any:
    """Return the pandera field of one column, with its role and the moment when it is known.

    `name` is the name of the column in the data, where Python does not allow it as an attribute.
    `allowed` closes the vocabulary; `pattern` leaves it open: a new value then counts as missing.
    `derived` marks what `features.history` computes: not in the raw data, sent by a caller of the API.
    """
    return pa.Field(
        alias=name,
        nullable=nullable,
        ge=minimum,
        le=maximum,
        isin=list(allowed) if allowed else None,
        str_matches=pattern,
        description=about,
        metadata={"role": role, "known": known, "unit": unit, "example": example, "derived": derived},
    )


def read(model: type[pa.DataFrameModel]) -> Schema:
    """Return the contract as plain values.

    Raises LeakError for a feature that is known too late, and ContractError for a contract that
    contradicts itself (no label, two time columns, a column without a role).
    """
    columns = tuple(_plain(name, field) for name, field in model.to_schema().columns.items())
    for entry in columns:
        _refuse_leak(entry)
    _refuse_ambiguity(columns)
    return Schema(columns)


def raw(model: type[pa.DataFrameModel]) -> pa.DataFrameSchema:
    """Return the pandera schema of a raw month: the contract without its derived columns."""
    schema = model.to_schema()
    return schema.remove_columns([c.name for c in read(model) if c.derived])


def _plain(name: str, field: Any) -> Column:
    """Return a pandera column as plain values."""
    metadata = field.metadata or {}
    if "role" not in metadata:
        raise ContractError(
            f"Column {name} has no role.",
            where="contract.py",
            next="declare it with a helper of merge_lane.contract, e.g. measured(...)",
        )
    limits: dict[str, Any] = {}
    for check in field.checks:
        limits |= check.statistics or {}
    allowed = limits.get("allowed_values")
    return Column(
        name=name,
        dtype=_dtype(name, field.dtype),
        nullable=field.nullable,
        minimum=limits.get("min_value"),
        maximum=limits.get("max_value"),
        allowed=None if allowed is None else tuple(allowed),
        pattern=limits.get("pattern"),
        description=field.description or "",
        **metadata,
    )


def _dtype(name: str, dtype: Any) -> str:
    text = str(dtype)
    if text.startswith("Datetime"):
        return "datetime"
    if text not in DTYPES:
        raise ContractError(
            f"Column {name} has the type {text}.",
            where="contract.py",
            next="use str, int, float, bool or datetime",
        )
    return DTYPES[text]


def _refuse_leak(entry: Column) -> None:
    if entry.role is Role.FEATURE and not entry.known.in_time:
        raise LeakError(
            f"Column {entry.name} cannot be a feature: its value is known only "
            f"{entry.known.replace('_', ' ')}.",
            where=f"contract.py, column {entry.name}",
            next="declare it as an outcome, or correct `known` if the value is there when the model is asked",
        )


def _refuse_ambiguity(columns: tuple[Column, ...]) -> None:
    labels = [c.name for c in columns if c.role is Role.LABEL]
    times = [c.name for c in columns if c.role is Role.TIME]
    if len(labels) != 1 or len(times) > 1:
        raise ContractError(
            f"A contract has one label and at most one time column, this one has {labels} and {times}.",
            where="contract.py",
            next="declare one label, at most one event_time, and every other column as something else",
        )
