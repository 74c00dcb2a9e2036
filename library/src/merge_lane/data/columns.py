"""The contract as plain values: what serving, the report and the drift checks know of a column.

A project declares its columns in `contract.py`; `schema.py` reads them into these values. They are
written to `contract.json` in the bundle, so that serving needs neither pandera nor polars.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any

import numpy as np

from merge_lane.errors import BundleError
from merge_lane.system.files import json_digest

if TYPE_CHECKING:
    from collections.abc import Iterator

Arrays = dict[str, np.ndarray]
"""Columns by name, same length: float64 (missing is NaN), object of str or None, datetime64[us], bool."""


class Role(StrEnum):
    """What a column is for."""

    KEY = "key"  # identifies a row; never used for training
    TIME = "time"  # orders the rows; decides train and test
    FEATURE = "feature"  # may be used for training
    LABEL = "label"  # what is predicted
    FORBIDDEN = "forbidden"  # known too late, or excluded on purpose


class Known(StrEnum):
    """When the value of a column is known, relative to the decision that the model supports."""

    IN_ADVANCE = "in_advance"
    AT_DECISION = "at_decision"
    AFTER_DECISION = "after_decision"
    WITH_LABEL = "with_label"

    @property
    def in_time(self) -> bool:
        """True where the value is known when the model is asked."""
        return self in (Known.IN_ADVANCE, Known.AT_DECISION)


@dataclass(frozen=True)
class Column:
    """One column of the contract. `dtype` is int, float, str, bool or datetime."""

    name: str
    dtype: str
    role: Role
    known: Known
    nullable: bool = False
    minimum: float | None = None
    maximum: float | None = None
    allowed: tuple[str | int, ...] | None = None
    pattern: str | None = None
    unit: str = ""
    description: str = ""
    example: Any = None
    derived: bool = False
    """True for a feature that `features.history` computes from earlier rows: not in the raw data."""

    @property
    def usable(self) -> bool:
        """True where features may be built from the column: its value is known when the model is asked."""
        return self.known.in_time and self.role in (Role.KEY, Role.TIME, Role.FEATURE)


@dataclass(frozen=True)
class Schema:
    """All columns of the contract, in its order."""

    columns: tuple[Column, ...]

    def __iter__(self) -> Iterator[Column]:
        """Iterate over the columns in the contract's order."""
        return iter(self.columns)

    def __getitem__(self, name: str) -> Column:
        """Return the column called `name`; KeyError if there is none."""
        for column in self.columns:
            if column.name == name:
                return column
        raise KeyError(name)

    def having(self, role: Role) -> tuple[Column, ...]:
        """Return the columns of a role."""
        return tuple(c for c in self.columns if c.role is role)

    @property
    def raw(self) -> tuple[Column, ...]:
        """The columns of a raw month, as Parquet holds them."""
        return tuple(c for c in self.columns if not c.derived)

    @property
    def request(self) -> tuple[Column, ...]:
        """The columns that a caller of the API sends: all that features may be built from."""
        return tuple(c for c in self.columns if c.usable)

    @property
    def label(self) -> Column:
        """The one label column."""
        (label,) = self.having(Role.LABEL)
        return label

    @property
    def time(self) -> Column | None:
        """The one time column, where there is one."""
        times = self.having(Role.TIME)
        return times[0] if times else None

    def to_json(self) -> list[dict[str, Any]]:
        """Return plain values for `contract.json`."""
        return [asdict(column) for column in self.columns]

    @property
    def hash(self) -> str:
        """sha256 of the columns, in their order."""
        return json_digest(self.to_json())

    @classmethod
    def from_json(cls, value: list[dict[str, Any]]) -> Schema:
        """Return the schema that `to_json` wrote. Raises BundleError for anything else."""
        try:
            return cls(tuple(_column(entry) for entry in value))
        except (TypeError, ValueError, KeyError, AttributeError) as error:
            raise BundleError(f"contract.json is not a contract of this version: {error}.") from error


def _column(entry: dict[str, Any]) -> Column:
    allowed = entry.get("allowed")
    typed = {
        "role": Role(entry["role"]),
        "known": Known(entry["known"]),
        "allowed": None if allowed is None else tuple(allowed),
    }
    return Column(**{**entry, **typed})
