"""The contract as plain values: what serving reads is what contract.py says."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
import toy

from merge_lane.data.columns import Column, Known, Role, Schema
from merge_lane.errors import BundleError


@pytest.mark.parametrize("name", ["values", "declared"])
def test_a_contract_reads_the_same_from_json(name, contract):
    schema = {"values": toy.SCHEMA, "declared": contract}[name]
    again = Schema.from_json(json.loads(json.dumps(schema.to_json())))
    assert again == schema
    assert again.hash == schema.hash


@pytest.mark.parametrize(
    "changes",
    [{"maximum": 7000}, {"minimum": 1}, {"nullable": True}, {"known": Known.AT_DECISION},
     {"allowed": ("a",)}, {"pattern": "x"}, {"description": "y"}, {"unit": "km"}, {"name": "length"}],
)  # fmt: skip
def test_the_hash_changes_with_any_fact_of_a_column(changes):
    columns = tuple(replace(c, **changes) if c.name == "distance" else c for c in toy.SCHEMA)
    assert Schema(columns).hash != toy.SCHEMA.hash


def test_the_hash_of_an_equal_contract_is_the_same():
    assert Schema(tuple(replace(c) for c in toy.SCHEMA)).hash == toy.SCHEMA.hash


@pytest.mark.parametrize(
    "broken", [[{"name": "x"}], [{"nonsense": 1}], 7, [7], [{**toy.SCHEMA.to_json()[0], "role": "spy"}]]
)
def test_what_is_no_contract_is_refused(broken):
    with pytest.raises(BundleError, match="not a contract of this version"):
        Schema.from_json(broken)


@pytest.mark.parametrize("name", ["values", "declared"])
def test_only_what_is_known_in_time_is_asked_of_a_caller(name, contract):
    contract = {"values": toy.SCHEMA, "declared": contract}[name]
    asked = {c.name for c in contract.request}
    assert asked
    assert all(contract[name].known.in_time for name in asked)
    assert not asked & {c.name for c in contract if c.role in (Role.FORBIDDEN, Role.LABEL)}


@pytest.mark.parametrize("known", [Known.AFTER_DECISION, Known.WITH_LABEL])
@pytest.mark.parametrize("role", list(Role))
def test_a_column_that_is_known_too_late_is_never_usable(role, known):
    assert not Column("x", "float", role, known).usable


def test_a_raw_month_has_no_derived_columns():
    recent = Column("recent", "float", Role.FEATURE, Known.AT_DECISION, derived=True)
    assert Schema((*toy.SCHEMA, recent)).raw == tuple(toy.SCHEMA)


def test_a_column_that_is_not_there_is_a_key_error():
    assert toy.SCHEMA["late"] == toy.SCHEMA.label
    with pytest.raises(KeyError):
        toy.SCHEMA["early"]
