"""Opening a table that people bring."""

from datetime import timedelta

import polars as pl
import pytest

from merge_lane.adopt import table
from merge_lane.errors import AdoptError


def csv(tmp_path, text, name="table.csv", encoding="utf-8"):
    path = tmp_path / name
    path.write_bytes(text.encode(encoding))
    return path


@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
def test_finds_the_separator(tmp_path, separator):
    path = csv(tmp_path, f"a{separator}b\n1{separator}2\n")
    assert table.scan(path).rows.collect_schema().names() == ["a", "b"]


@pytest.mark.parametrize("row", ["1,2,3", "1"])
def test_names_the_line_of_a_broken_row(tmp_path, row):
    """Too many fields and too few, which a fast reader would fill with missing values."""
    path = csv(tmp_path, f"a,b\n1,2\n{row}\n3,4\n")
    with pytest.raises(AdoptError, match="Line 3 has") as refused:
        table.scan(path)
    assert refused.value.where.endswith("table.csv:3")


def test_counts_the_lines_of_quoted_values(tmp_path):
    path = csv(tmp_path, 'a,b\n"one\ntwo",2\n1\n')
    with pytest.raises(AdoptError, match="Line 4 has 1 fields"):
        table.scan(path)


def test_reads_quoted_separators_and_a_byte_order_mark(tmp_path):
    path = csv(tmp_path, '\ufeffa,b\n"1,5",2\n')
    assert table.scan(path).rows.collect().to_dicts() == [{"a": "1,5", "b": "2"}]


@pytest.mark.parametrize(("header", "named"), [("a,a", "'a'"), ("a,", "''"), (",", "''")])
def test_refuses_a_header_that_names_a_column_twice_or_not_at_all(tmp_path, header, named):
    with pytest.raises(AdoptError, match=named):
        table.scan(csv(tmp_path, f"{header}\n1,2\n"))


def test_names_the_line_that_is_not_utf8(tmp_path):
    path = tmp_path / "latin.csv"
    path.write_bytes(b"a,b\n1,2\nZ\xfcrich,3\n")
    with pytest.raises(AdoptError, match="Line 3 holds a byte"):
        table.scan(path)


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("none.csv", None, "no file"),
        ("empty.csv", b"", "is empty"),
        ("table.xlsx", b"PK", "neither CSV nor Parquet"),
        ("table.parquet", b"not parquet at all", "not Parquet"),
    ],
)
def test_refuses_what_is_no_table(tmp_path, name, content, says):
    path = tmp_path / name
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(AdoptError, match=says) as refused:
        table.scan(path)
    assert refused.value.next


@pytest.mark.parametrize("header", [",a,b", '"","a","b"'])
def test_unnamed_first_column_is_left_out(tmp_path, header):
    """`df.to_csv()` writes its index as a first column without a name."""
    opened = table.scan(csv(tmp_path, f"{header}\n0,1,2\n1,3,4\n"))
    assert opened.rows.collect().to_dicts() == [{"a": "1", "b": "2"}, {"a": "3", "b": "4"}]
    assert "first column has no name" in opened.notes[0]


def test_named_first_column_stays(tmp_path):
    """Nothing is left out, and nothing noted, where every column has a name."""
    opened = table.scan(csv(tmp_path, "i,a\n0,1\n"))
    assert opened.rows.collect_schema().names() == ["i", "a"]
    assert opened.notes == ()


def test_blank_line_is_no_row(tmp_path):
    """An empty line at the end would be a row without a key, a time and a label."""
    path = csv(tmp_path, "a,b\n1,2\n\n3,4\n\n")
    assert table.scan(path).rows.collect().height == 2


@pytest.mark.parametrize("name", ["_part", "_month", "*", "^a.*$"])
def test_name_with_a_meaning_of_its_own_is_refused(tmp_path, name):
    """The pipeline or polars would take such a name for something else."""
    with pytest.raises(AdoptError, match="cannot use a column named") as refused:
        table.scan(csv(tmp_path, f"{name},b\n1,2\n"))
    assert "rename it" in refused.value.next


def test_parquet_header_is_checked_too(tmp_path):
    """A name that is blank in Parquet is as unusable as in CSV."""
    pl.DataFrame({" ": [1], "b": [2]}).write_parquet(tmp_path / "t.parquet")
    with pytest.raises(AdoptError, match="not at all"):
        table.scan(tmp_path / "t.parquet")


@pytest.mark.parametrize("value", [[1, 2], {"a": 1}, b"bytes", timedelta(hours=1)])
def test_column_of_an_unsupported_type_is_refused(tmp_path, value):
    """A list, a record, bytes or a duration cannot be a feature as it is."""
    pl.DataFrame({"odd": [value], "b": [2]}).write_parquet(tmp_path / "t.parquet")
    with pytest.raises(AdoptError, match="The column odd holds values of type") as refused:
        table.scan(tmp_path / "t.parquet")
    assert refused.value.next
