"""Tables in and out: nothing is lost on the way, and what cannot be read is named."""

from __future__ import annotations

from datetime import UTC, date, datetime

import numpy as np
import polars as pl
import pytest

from merge_lane.data import tables
from merge_lane.data.columns import Column, Known, Role
from merge_lane.errors import SourceError

MANY = pl.DataFrame(
    {"n": range(5_000), "x": np.random.default_rng(1).normal(size=5_000), "s": ["a", None] * 2_500}
)


def declared(name, dtype):
    return Column(name, dtype, Role.FEATURE, Known.IN_ADVANCE)


def cast(values, dtype):
    return tables.cast(pl.DataFrame({"x": values}), [declared("x", dtype)])["x"]


@pytest.mark.parametrize(
    ("values", "dtype", "expected"),
    [
        (["1.5", None, "2"], "float", [1.5, None, 2.0]),
        ([1.0, 2.0, None], "int", [1, 2, None]),
        ([0, 1, None], "bool", [False, True, None]),
        ([7, 8], "float", [7.0, 8.0]),
        ([7, 8], "str", ["7", "8"]),
        ([date(2013, 1, 1)], "datetime", [datetime(2013, 1, 1)]),
    ],
)
def test_a_column_gets_the_type_of_the_contract_where_nothing_is_lost(values, dtype, expected):
    changed = cast(values, dtype)
    assert changed.dtype == tables.POLARS[dtype]
    assert changed.to_list() == expected


@pytest.mark.parametrize(
    ("values", "dtype", "lost"),
    [
        (["1", "warm"], "float", [1]),
        ([1.0, 2.5], "int", [1]),
        ([0, 7], "bool", [1]),
        (["yes", None], "bool", [0]),
        (["01/02 05:15"], "datetime", [0]),
        ([20130101], "datetime", [0]),
        ([datetime(2013, 1, 1, tzinfo=UTC)], "datetime", [0]),
        ([datetime(2013, 1, 1)], "float", [0]),
        ([[1]], "str", [0]),
    ],
)
def test_a_column_stays_as_it_is_where_a_cast_would_lose_something(values, dtype, lost):
    given = pl.Series("x", values)
    assert cast(values, dtype).to_list() == given.to_list()
    assert cast(values, dtype).dtype == given.dtype
    assert tables.misfits(given, tables.POLARS[dtype]).arg_true().to_list() == lost


def test_columns_come_in_the_order_of_the_contract_and_unknown_ones_last():
    rows = pl.DataFrame({"z": [1], "b": [1], "a": [1]})
    assert tables.cast(rows, [declared("a", "int"), declared("b", "int")]).columns == ["a", "b", "z"]


@pytest.mark.parametrize("suffix", [".csv", ".parquet"])
def test_a_csv_and_a_parquet_file_of_the_same_rows_read_the_same(tmp_path, suffix):
    rows = pl.DataFrame(
        {
            "when": [datetime(2013, 1, 1, 5, 15), None],
            "code": ["09", "UA"],
            "size": [1.5, None],
            "late": [True, None],
        }
    )
    path = tmp_path / f"2013-01{suffix}"
    rows.write_csv(path) if suffix == ".csv" else rows.write_parquet(path)
    read = tables.read_month(str(tmp_path / f"{{month}}{suffix}"), "2013-01", [declared("code", "str")])
    assert tables.cast(read, [declared("when", "datetime")]).equals(rows)


def test_a_code_that_looks_like_a_number_keeps_its_leading_zero(tmp_path):
    (tmp_path / "t.csv").write_text("code\n09\n07\n")
    assert tables.read(tmp_path / "t.csv", ["code"])["code"].to_list() == ["09", "07"]


def test_a_file_that_is_not_there_is_named(tmp_path):
    with pytest.raises(SourceError, match="no file for 2013-02") as caught:
        tables.read_month(f"{tmp_path}/{{month}}.csv", "2013-02")
    assert caught.value.where == f"{tmp_path}/2013-02.csv"
    with pytest.raises(SourceError, match="dvc pull"):
        tables.read(tmp_path / "features.parquet")


@pytest.mark.parametrize("name", ["table.xlsx", "table"])
def test_a_file_of_another_kind_is_refused_by_its_suffix(tmp_path, name):
    with pytest.raises(SourceError, match="is not a table"):
        tables.read(tmp_path / name)


@pytest.mark.parametrize(
    ("name", "content"),
    [("a.parquet", b"PAR1 not really"), ("a.parquet", b""), ("a.csv", b""), ("a.csv", b"a,b\n1,2\n1,2,3,4\n"),
     ("a.csv", b"a\n\xff\xfe\n")],
)  # fmt: skip
def test_an_unreadable_file_is_named_with_its_fault(tmp_path, name, content):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(SourceError, match="cannot be read") as caught:
        tables.read(tmp_path / name)
    assert caught.value.where == str(tmp_path / name)
    assert len(str(caught.value)) < 1000


def test_a_truncated_parquet_file_is_refused(tmp_path):
    tables.write(MANY, tmp_path / "t.parquet")
    whole = (tmp_path / "t.parquet").read_bytes()
    (tmp_path / "t.parquet").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(SourceError, match="cannot be read"):
        tables.read(tmp_path / "t.parquet")


def test_the_same_rows_are_always_the_same_bytes(tmp_path):
    for name in "ab":
        tables.write(MANY, tmp_path / name)
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


def test_arrays_have_the_documented_kinds():
    rows = pl.DataFrame(
        {"n": [1, None], "b": [True, None], "s": ["x", None], "t": [datetime(2013, 1, 1), None]}
    )
    arrays = tables.to_arrays(rows, rows.columns)
    assert [str(values.dtype) for values in arrays.values()] == [
        "float64",
        "float64",
        "object",
        "datetime64[us]",
    ]
    assert np.isnan(arrays["n"][1])
    assert np.isnan(arrays["b"][1])
    assert arrays["s"][1] is None
    assert np.isnat(arrays["t"][1])
