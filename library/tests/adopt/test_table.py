"""Opening a table that people bring."""

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
    assert table.scan(path).collect_schema().names() == ["a", "b"]


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
    assert table.scan(path).collect().to_dicts() == [{"a": "1,5", "b": "2"}]


@pytest.mark.parametrize(("header", "named"), [("a,a", "'a'"), ("a,", "''")])
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
