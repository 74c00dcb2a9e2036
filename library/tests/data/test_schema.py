"""A contract that contradicts itself is refused, naming the column."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import pandera.polars as pa
import pytest
from toy_package.contract import Contract

from merge_lane.cli import main
from merge_lane.data import schema
from merge_lane.data.columns import Known, Role
from merge_lane.data.schema import column
from merge_lane.errors import ContractError, LeakError

ROOT = Path(__file__).parents[3]


class Small(pa.DataFrameModel):
    """The least that a contract needs."""

    size: float = column(Role.FEATURE, Known.IN_ADVANCE, "Size", minimum=0, maximum=9, unit="m", example=3)
    late: bool = column(Role.LABEL, Known.WITH_LABEL, "Late")


def test_limits_and_meaning_are_read_as_they_were_declared():
    size = schema.read(Small)["size"]
    assert (size.dtype, size.minimum, size.maximum, size.unit) == ("float", 0, 9, "m")
    assert (size.description, size.example, size.nullable, size.derived) == ("Size", 3, False, False)


@pytest.mark.parametrize("known", [Known.AFTER_DECISION, Known.WITH_LABEL])
def test_a_feature_that_is_known_too_late_is_refused_by_name(known):
    class Leaking(Small):
        late_start: float = column(Role.FEATURE, known, "Delay of the start")

    with pytest.raises(LeakError, match="Column late_start cannot be a feature") as caught:
        schema.read(Leaking)
    assert caught.value.exit_code == 13


def test_the_leaked_feature_stops_the_command_line_with_13(tmp_path, monkeypatch, capsys):
    class Leaking(Contract):
        late_start: float = column(Role.FEATURE, Known.AFTER_DECISION, "Delay of the start", nullable=True)

    (tmp_path / "params.yaml").write_text((ROOT / "params.yaml").read_text())
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("toy_package.contract.Contract", Leaking)
    assert main(["featurize"]) == 13
    said = capsys.readouterr().err
    assert "where: contract.py, column late_start" in said
    assert "Traceback" not in said


def test_two_labels_are_refused_by_name():
    class Two(Small):
        early: bool = column(Role.LABEL, Known.WITH_LABEL, "Early")

    with pytest.raises(ContractError, match=r"\['late', 'early'\]"):
        schema.read(Two)


def test_no_label_is_refused():
    class Without(pa.DataFrameModel):
        size: float = column(Role.FEATURE, Known.IN_ADVANCE, "Size")

    with pytest.raises(ContractError, match="A contract has one label"):
        schema.read(Without)


def test_two_time_columns_are_refused_by_name():
    class Two(Small):
        first: datetime = column(Role.TIME, Known.IN_ADVANCE, "First")
        second: datetime = column(Role.TIME, Known.IN_ADVANCE, "Second")

    with pytest.raises(ContractError, match=r"\['first', 'second'\]") as caught:
        schema.read(Two)
    assert caught.value.exit_code == 12


def test_a_column_without_a_role_is_refused_by_name():
    class Bare(Small):
        colour: str = pa.Field()

    with pytest.raises(ContractError, match="Column colour has no role"):
        schema.read(Bare)


def test_a_type_that_a_model_cannot_have_is_refused_by_name():
    class Odd(Small):
        blob: bytes = column(Role.FEATURE, Known.IN_ADVANCE, "Blob")

    with pytest.raises(ContractError, match="Column blob has the type Binary"):
        schema.read(Odd)


def test_a_raw_month_is_not_asked_for_derived_columns():
    class Looking(Small):
        recent: float = column(Role.FEATURE, Known.AT_DECISION, "What earlier rows tell", derived=True)

    assert list(schema.raw(Looking).columns) == ["size", "late"]
    assert [one.name for one in schema.read(Looking) if one.derived] == ["recent"]
