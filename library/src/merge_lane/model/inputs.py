"""The model's inputs: history and features from the project's features.py, from columns known in time."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from merge_lane import project
from merge_lane.data import tables
from merge_lane.data.columns import Role
from merge_lane.errors import ContractError, LeakError

if TYPE_CHECKING:
    from merge_lane.data.columns import Arrays, Schema


def with_history(raw: pl.DataFrame, schema: Schema) -> pl.DataFrame:
    """Add the contract's derived columns, computed from all rows, unlabelled ones too."""
    derived = [c.name for c in schema if c.derived]
    if not derived:
        return raw
    computed = project.features().history(tables.to_arrays(raw, [c.name for c in schema.raw]))
    if sorted(computed) != sorted(derived):
        raise ContractError(
            f"features.history returns {sorted(computed)}, the contract derives {sorted(derived)}.",
            where="features.py and contract.py",
            next="name the same columns in both",
        )
    return raw.with_columns(*(pl.Series(name, computed[name]).fill_nan(None) for name in derived))


def model_features(rows: pl.DataFrame, schema: Schema) -> Arrays:
    """Build the model's features from the request columns. Raises LeakError if `build` asks for more."""
    arrays = tables.to_arrays(rows, [c.name for c in schema.request])
    return build(arrays, schema)


def build(arrays: Arrays, schema: Schema) -> Arrays:
    """Run `features.build` on the columns that are known at the decision, and on no other."""
    try:
        built: Arrays = project.features().build(arrays)
    except KeyError as error:
        name = str(error.args[0])
        known = {c.name: c for c in schema}
        if name not in known:
            raise ContractError(
                f"features.build asks for {name}, which is not a column of the contract.",
                where="features.py",
                next="add it to contract.py, or correct the name",
            ) from error
        raise LeakError(
            f"features.build asks for {name}: {_why(known[name].role, known[name].known)}.",
            where=f"features.py, column {name}",
            next="build features only from columns that are known at the decision",
        ) from error
    return built


def _why(role: Role, known: str) -> str:
    return f"it is {'the label' if role is Role.LABEL else role.value}, known {known.replace('_', ' ')}"
