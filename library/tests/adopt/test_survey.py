"""Each column is profiled: type, range, values and gaps."""

import math
import os
import subprocess
import sys
from pathlib import Path

import polars as pl
import pytest
import tables

from merge_lane.adopt.survey import survey
from merge_lane.errors import AdoptError


@pytest.fixture(scope="module")
def customers(tmp_path_factory):
    path = tmp_path_factory.mktemp("tables") / "customers.csv"
    tables.customers().write_csv(path)
    return survey(path)


@pytest.mark.parametrize(
    ("name", "dtype"),
    [
        ("Alter (Jahre)", "int"),
        ("Größe|cm", "float"),
        ("città", "str"),
        ("postcode", "str"),
        ("signup", "datetime"),
        ("when", "datetime"),
        ("active", "bool"),
        ("empty", "str"),
    ],
)
def test_finds_the_type_of_a_text_column(customers, name, dtype):
    """A number with leading zeros is a code, not a number."""
    assert customers.columns[name].dtype == dtype


def test_counts_rows_gaps_and_values(customers):
    expected = tables.customers()
    city = customers.columns["città"]
    assert customers.rows == expected.height
    assert customers.columns["Alter (Jahre)"].missing == expected["Alter (Jahre)"].null_count()
    assert dict(zip(city.values, city.counts, strict=True)) == dict(
        expected["città"].value_counts().iter_rows()
    )
    assert (customers.columns["Größe|cm"].minimum, customers.columns["Größe|cm"].maximum) == (
        expected["Größe|cm"].min(),
        expected["Größe|cm"].max(),
    )


def test_one_late_word_makes_a_column_of_numbers_text(tmp_path):
    """The type must hold for the whole file, not for its first rows."""
    path = tmp_path / "late.csv"
    path.write_text("a,y\n" + "1,0\n" * 3000 + "many,1\n")
    assert survey(path).columns["a"].dtype == "str"


def test_refuses_fewer_than_fifty_rows(tmp_path):
    path = tmp_path / "small.csv"
    path.write_text("a,y\n" + "1,0\n" * 49)
    with pytest.raises(AdoptError, match="49 rows"):
        survey(path)


def test_parquet_keeps_its_types(tmp_path):
    path = tmp_path / "table.parquet"
    pl.DataFrame(
        {"day": pl.Series(["2024-01-01"] * 60).str.to_date(), "n": range(60), "y": [0.5] * 60}
    ).write_parquet(path)
    assert [column.dtype for column in survey(path).columns.values()] == ["datetime", "int", "float"]


def test_number_that_no_model_can_hold_counts_as_missing(tmp_path):
    """NaN, infinity and a float beyond 32 bits would break training."""
    path = tmp_path / "table.parquet"
    pl.DataFrame({"x": [math.nan, math.inf, 1e300, *[0.5] * 57], "y": [0, 1] * 30}).write_parquet(path)
    column = survey(path).columns["x"]
    assert (column.missing, column.minimum, column.maximum) == (3, 0.5, 0.5)


@pytest.mark.parametrize("start", [2**60, -(2**63), 2**63 - 60])
def test_range_of_large_numbers_is_exact(tmp_path, start):
    """As floats, neighbouring numbers of this size are equal."""
    path = tmp_path / "table.parquet"
    pl.DataFrame({"x": list(range(start, start + 60)), "y": [0, 1] * 30}).write_parquet(path)
    column = survey(path).columns["x"]
    assert (column.minimum, column.maximum) == (start, start + 59)


def test_number_beyond_64_bits_becomes_a_float(tmp_path):
    """An unsigned number may not fit the contract's whole numbers."""
    path = tmp_path / "table.parquet"
    numbers = pl.Series([2**64 - 1 - n for n in range(60)], dtype=pl.UInt64)
    pl.DataFrame({"x": numbers, "y": [0, 1] * 30}).write_parquet(path)
    assert survey(path).columns["x"].dtype == "float"


def test_malformed_quotes_are_refused(tmp_path):
    """Two readers of CSV disagree about a quote inside a value: the message says how to export it."""
    path = tmp_path / "table.csv"
    path.write_text("a,b,y\n" + "".join(f'{n},5" pipe,{n % 2}\n' for n in range(200)))
    with pytest.raises(AdoptError, match="cannot be read as a table") as refused:
        survey(path)
    assert "the quote is doubled" in refused.value.next


WATCHED = """
import sys, threading, time
from pathlib import Path
from merge_lane.adopt.survey import survey

peak = 0

def watch():  # a file that is mapped counts as resident too, so only memory of the process's own is summed
    global peak
    while True:
        lines = Path("/proc/self/status").read_text().splitlines()
        peak = max(peak, *(int(line.split()[1]) * 1024 for line in lines if line.startswith("RssAnon")))
        time.sleep(0.02)

threading.Thread(target=watch, daemon=True).start()
print(survey(Path(sys.argv[1])).rows, peak)
"""


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="memory is read from /proc")
def test_a_large_file_is_never_loaded_whole(tmp_path):
    """The process's own memory stops growing at some 500 MB, however large the file is."""
    path = tmp_path / "large.csv"
    line = ",".join(["0.123456789012345"] * 20) + ",{}\n"
    chunk = "".join(line.format(number % 7) for number in range(2_000))
    with path.open("w") as stream:
        stream.write(",".join(f"c{place}" for place in range(20)) + ",y\n")
        stream.writelines(chunk for _ in range(900))
    command = [sys.executable, "-c", WATCHED, str(path)]
    threads = {**os.environ, "POLARS_MAX_THREADS": "2"}  # each thread has buffers of its own
    done = subprocess.run(command, env=threads, capture_output=True, text=True, check=True, timeout=250)
    rows, peak = (int(figure) for figure in done.stdout.split())
    print(f"{path.stat().st_size:,} bytes on disk, {peak:,} bytes of memory at the most")
    assert rows == 1_800_000
    assert peak < path.stat().st_size  # the values of the whole table take twice the file at least
