"""Whatever the features are: one row is built as a batch is, from what is known in time and nothing else."""

from __future__ import annotations

import made_up
import numpy as np
import polars as pl
import pytest
import toy
from merge_lane.data.columns import Column, Known, Role, Schema
from merge_lane.errors import ContractError, LeakError
from merge_lane.model import inputs

from flight_board import features

ROWS = 300
DERIVED = Column("recent", "float", Role.FEATURE, Known.AT_DECISION, derived=True)


@pytest.fixture(scope="module")
def request_rows(contract):
    return made_up.arrays(contract.request, ROWS)


def test_one_row_is_built_as_in_a_batch(request_rows):
    batch = features.build(request_rows)
    for place in range(60):
        one = features.build({name: values[place : place + 1] for name, values in request_rows.items()})
        assert one.keys() == batch.keys()
        for name, values in one.items():
            np.testing.assert_array_equal(values, batch[name][place : place + 1], err_msg=name)


def test_a_batch_of_no_rows_is_built(request_rows):
    built = features.build({name: values[:0] for name, values in request_rows.items()})
    assert all(len(values) == 0 for values in built.values())


def test_features_are_numbers_or_text(request_rows):
    for name, values in features.build(request_rows).items():
        assert values.dtype in (np.float64, object), name
        assert len(values) == ROWS


def test_a_request_is_not_changed_by_building(request_rows):
    before = {name: values.copy() for name, values in request_rows.items()}
    features.build(request_rows)
    for name, values in before.items():
        np.testing.assert_array_equal(values, request_rows[name])


def test_every_feature_comes_from_columns_that_are_known_in_time(contract):
    seen = set()

    class Watched(dict):
        def __getitem__(self, name):
            seen.add(name)
            return super().__getitem__(name)

    features.build(Watched(made_up.arrays(contract, 1)))
    assert seen
    assert seen <= {column.name for column in contract.request}


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("late_start", "it is forbidden, known after decision"),
        ("late", "it is the label, known with label"),
    ],
)
def test_building_from_a_column_that_is_known_too_late_is_refused_by_name(monkeypatch, name, why):
    monkeypatch.setattr(features, "build", lambda rows: {"leak": rows[name]})
    with pytest.raises(LeakError, match=f"asks for {name}: {why}") as caught:
        inputs.build(toy.arrays(), toy.SCHEMA)
    assert caught.value.exit_code == 13


def test_building_from_a_column_that_does_not_exist_is_refused_by_name(monkeypatch):
    monkeypatch.setattr(features, "build", lambda rows: {"colour": rows["colour"]})
    with pytest.raises(ContractError, match="asks for colour, which is not a column of the contract"):
        inputs.build(toy.arrays(), toy.SCHEMA)


@pytest.mark.parametrize(("returned", "holds"), [("recent", True), ("older", False)])
def test_history_must_return_what_the_contract_derives(monkeypatch, returned, holds):
    schema = Schema((*toy.SCHEMA, DERIVED))
    monkeypatch.setattr(features, "history", lambda rows: {returned: rows["wind"]})
    raw = pl.DataFrame({column.name: [None] for column in schema.raw}).cast({"wind": pl.Float64})
    if holds:
        assert inputs.with_history(raw, schema).columns[-1] == "recent"
        return
    with pytest.raises(ContractError, match="the contract derives"):
        inputs.with_history(raw, schema)
