"""Groups of rows: by what a person names, with a place for what is missing."""

from __future__ import annotations

from datetime import datetime

import polars as pl
import pytest
import toy

from merge_lane.data import slices
from merge_lane.data.split import MONTH
from merge_lane.errors import ParamsError

ROWS = pl.DataFrame(
    {
        "sched_dep": [datetime(2013, 7, 1, 5, 15), datetime(2013, 7, 7, 23, 59)],
        "courier": ["UA", None],
        "distance": [2004.0, None],
        MONTH: ["2013-07", "2013-07"],
    }
)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("courier", ["UA", "(missing)"]),
        ("distance", ["2004.0", "(missing)"]),
        ("month", ["2013-07", "2013-07"]),
        ("hour", ["5", "23"]),
        ("weekday", ["1", "7"]),
    ],
)
def test_a_group_is_text_and_what_is_missing_has_its_own(name, expected):
    assert slices.group(ROWS, name, toy.SCHEMA).to_list() == expected


@pytest.mark.parametrize("name", ["colour", "late_start", "late"])
def test_a_column_that_is_not_there_or_not_known_in_time_is_refused_with_the_choice(name):
    with pytest.raises(ParamsError, match=f"There is no column {name} to group by") as caught:
        slices.group(ROWS, name, toy.SCHEMA)
    assert caught.value.exit_code == 10
    assert "courier" in caught.value.next
    assert "weekday" in caught.value.next
    assert "late_start" not in caught.value.next


def test_a_number_with_many_values_becomes_ranges_of_about_equal_count():
    rows = pl.DataFrame({"distance": [float(value) for value in range(1000)]})
    counts = slices.group(rows, "distance", toy.SCHEMA).value_counts()["count"]
    assert len(counts) == 5
    assert counts.max() - counts.min() <= 2


def test_groups_sort_as_people_count():
    assert sorted(["10", "9", "UA", "B6", "(missing)"], key=slices.order) == [
        "9",
        "10",
        "(missing)",
        "B6",
        "UA",
    ]


def test_slices_are_added_beside_the_columns():
    assert slices.add(ROWS, ["hour", "courier"], toy.SCHEMA).columns[-2:] == ["_slice:hour", "_slice:courier"]


def test_order_of_groups():
    """Numbers come first by size, then texts by name; `nan` is a text."""
    groups = ["10", "nan", "b", "9.5", "-1", "a"]
    assert sorted(groups, key=slices.order) == ["-1", "9.5", "10", "a", "b", "nan"]
