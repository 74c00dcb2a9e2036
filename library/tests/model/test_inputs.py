"""Features are built from what is known in time and from nothing else."""

import polars as pl
import pytest
import toy
from toy_package import features

from merge_lane.data.columns import Column, Known, Role, Schema
from merge_lane.errors import ContractError, LeakError
from merge_lane.model import inputs

DERIVED = Column("recent", "float", Role.FEATURE, Known.AT_DECISION, derived=True)


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("late_start", "it is forbidden, known after decision"),
        ("late", "it is the label, known with label"),
    ],
)
def test_late_column_is_refused(monkeypatch, name, why):
    """The message names the column and why it is out of reach."""
    monkeypatch.setattr(features, "build", lambda rows: {"leak": rows[name]})
    with pytest.raises(LeakError, match=f"asks for {name}: {why}") as caught:
        inputs.build(toy.arrays(), toy.SCHEMA)
    assert caught.value.exit_code == 13


def test_unknown_column_is_refused(monkeypatch):
    """A misspelt name is no column of the contract."""
    monkeypatch.setattr(features, "build", lambda rows: {"colour": rows["colour"]})
    with pytest.raises(ContractError, match="asks for colour, which is not a column of the contract"):
        inputs.build(toy.arrays(), toy.SCHEMA)


@pytest.mark.parametrize(("returned", "holds"), [("recent", True), ("older", False)])
def test_history_returns_the_derived_columns(monkeypatch, returned, holds):
    """The contract and `history` name the same columns."""
    schema = Schema((*toy.SCHEMA, DERIVED))
    monkeypatch.setattr(features, "history", lambda rows: {returned: rows["wind"]})
    raw = pl.DataFrame({column.name: [None] for column in schema.raw}).cast({"wind": pl.Float64})
    if holds:
        assert inputs.with_history(raw, schema).columns[-1] == "recent"
        return
    with pytest.raises(ContractError, match="the contract derives"):
        inputs.with_history(raw, schema)
