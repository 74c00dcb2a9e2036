"""The deployment record only grows, and shows when it was touched."""

import json
import subprocess
import sys

import pytest

from merge_lane.errors import ChainError
from merge_lane.release.record import Record


@pytest.fixture
def record(tmp_path):
    record = Record(tmp_path / "record.jsonl")
    for number in range(3):
        record.append("promoted", deployment=f"d{number}", model="a" * 64)
    return record


def test_each_entry_names_the_hash_of_the_one_before(record):
    first, second, third = record.entries()
    assert [first["hash"], second["hash"]] == [second["before"], third["before"]]


def test_untouched_record_is_read_quietly_and_grows(record):
    record.append("planned", deployment="d3")
    assert [entry["number"] for entry in record.entries()] == [1, 2, 3, 4]


def test_same_event_of_a_deployment_is_written_once(record):
    again = record.append("promoted", deployment="d1")
    assert again["number"] == 2
    assert len(record.entries()) == 3


def rewrite(record, change):
    lines = record.path.read_text().splitlines()
    record.path.write_text("".join(line + "\n" for line in change(lines)))


def altered(lines):
    entry = json.loads(lines[1]) | {"model": "b" * 64}
    return [lines[0], json.dumps(entry), lines[2]]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (altered, "line 2 was altered"),
        (lambda lines: lines[:2], "ends at line 2 of 3"),
        (lambda _: [], "ends at line 0 of 3"),
        (lambda lines: [lines[0], lines[2]], "line 2 was altered, or a line before it is missing"),
        (lambda lines: [lines[1], lines[0], lines[2]], "line 1 was altered"),
        (lambda lines: [*lines, "{}"], "line 4 was altered"),
    ],
    ids=["altered", "cut", "emptied", "line removed", "reordered", "foreign line"],
)
def test_touched_record_is_refused_and_nothing_is_added(record, change, said):
    rewrite(record, change)
    text = record.path.read_text()
    with pytest.raises(ChainError, match=said):
        record.append("planned", deployment="d9")
    assert record.path.read_text() == text


def test_half_a_line_left_by_a_kill_is_dropped(record):
    with record.path.open("a") as stream:
        stream.write('{"number": 4, "ev')
    assert len(record.entries()) == 3
    assert record.append("planned", deployment="d3")["number"] == 4
    assert len(record.entries()) == 4


def test_kill_between_line_and_head_is_accepted(record):
    head = record.head.read_text()
    record.append("planned", deployment="d3")
    record.head.write_text(head)
    assert record.append("started", deployment="d3")["number"] == 5


def test_two_writers_at_once_keep_one_chain(record):
    code = "import sys; from merge_lane.release.record import Record\n"
    code += "for n in range(20): Record(sys.argv[1]).append('resumed', once=False)"
    writers = [subprocess.Popen([sys.executable, "-c", code, str(record.path)]) for _ in range(2)]
    assert [writer.wait(60) for writer in writers] == [0, 0]
    assert len(record.entries()) == 43
