"""validate: each way to break a contract is named by column, check, count and rows; all at once."""

from __future__ import annotations

from datetime import datetime

import pandera.polars as pa
import polars as pl
import pytest

from merge_lane.data.columns import Known, Role
from merge_lane.data.schema import column
from merge_lane.errors import ContractError
from merge_lane.stages.validate import check, render, validate

MONTH = "2013-01"


class Parcels(pa.DataFrameModel):
    """A row for each parcel."""

    parcel: int = column("Number", role=Role.KEY, known=Known.IN_ADVANCE, minimum=1)
    when: datetime = column("Collected", role=Role.TIME, known=Known.IN_ADVANCE)
    courier: str = column("Courier", role=Role.FEATURE, known=Known.IN_ADVANCE, allowed=("AA", "B6"))
    code: str = column(
        "Destination", role=Role.FEATURE, known=Known.IN_ADVANCE, pattern="^[A-Z]{3}$", nullable=True
    )
    weight: float = column(
        "Weight", role=Role.FEATURE, known=Known.IN_ADVANCE, minimum=0, maximum=30, nullable=True
    )
    late: bool = column("Late", role=Role.LABEL, known=Known.WITH_LABEL, nullable=True)

    class Config:
        """No other column, and each parcel once."""

        strict = True
        unique = ["parcel"]  # noqa: RUF012 - pandera's way to say it


ROWS = pl.DataFrame(
    {
        "parcel": [1, 2, 3],
        "when": [datetime(2013, 1, day) for day in (1, 2, 31)],
        "courier": ["AA", "B6", "AA"],
        "code": ["IAH", None, "LAX"],
        "weight": [1.5, None, 30.0],
        "late": [True, False, None],
    }
)
FIRST = pl.int_range(pl.len()) == 0
WORDS = pl.Series("weight", ["light", None, "30"])


def first(name, value):
    """Return the rows with another value in the first row."""
    return ROWS.with_columns(pl.when(FIRST).then(pl.lit(value)).otherwise(pl.col(name)).alias(name))


BROKEN = {
    "missing column": (ROWS.drop("weight"), "weight", "the column is missing", 0),
    "missing key": (ROWS.drop("parcel"), "parcel", "the column is missing", 0),
    "extra column": (ROWS.with_columns(surprise=1), "surprise", "the contract has no such column", 0),
    "wrong type": (
        ROWS.with_columns(WORDS),
        "weight",
        "the type is String, the contract says Float64",
        1,
    ),
    "below its limit": (first("weight", -1.0), "weight", "greater_than_or_equal_to(0)", 1),
    "above its limit": (first("weight", 31.0), "weight", "less_than_or_equal_to(30)", 1),
    "unknown value": (first("courier", "ZZ"), "courier", "isin(['AA', 'B6'])", 1),
    "malformed code": (first("code", "Boston"), "code", "str_matches('^[A-Z]{3}$')", 1),
    "missing value": (first("courier", None), "courier", "not_nullable", 1),
    "key twice": (first("parcel", 2), "parcel", "the same key stands in several rows", 2),
    "another month": (first("when", datetime(2013, 2, 1)), "when", "outside 2013-01", 1),
}


def test_rows_that_keep_the_contract_are_valid_and_counted():
    report = validate(ROWS, Parcels, MONTH)
    assert report["valid"]
    assert report["findings"] == []
    assert (report["rows"], report["labelled"]) == (3, 2)
    assert "| weight | 1 |" in render(report)


@pytest.mark.parametrize("case", BROKEN)
def test_a_broken_month_is_named_by_column_check_and_count(case):
    rows, name, said, count = BROKEN[case]
    report = validate(rows, Parcels, MONTH)
    assert not report["valid"]
    (finding,) = report["findings"]
    assert finding["column"] == name
    assert said in finding["check"]
    assert finding["count"] == count


def test_all_faults_of_a_month_are_reported_at_once():
    rows = first("courier", "ZZ").drop("weight").with_columns(when=pl.lit(datetime(2014, 1, 1)))
    found = {finding["column"] for finding in validate(rows, Parcels, MONTH)["findings"]}
    assert found == {"courier", "weight", "when"}


def test_a_broken_month_stops_with_the_page_to_read(tmp_path):
    check(validate(ROWS, Parcels, MONTH), tmp_path / "2013-01.json")
    with pytest.raises(ContractError, match=r"breaks the contract in 1 way\(s\)") as caught:
        check(validate(first("weight", 31.0), Parcels, MONTH), tmp_path / "2013-01.json")
    assert caught.value.exit_code == 12
    assert str(tmp_path / "2013-01.md") in caught.value.next
