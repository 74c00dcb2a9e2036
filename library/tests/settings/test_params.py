"""params.yaml: what is wrong in it is named with its line, in one screen, with exit code 10."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
import toy

from merge_lane import settings
from merge_lane.cli import main
from merge_lane.errors import ParamsError

ROOT = Path(__file__).parents[3]
ONE_SCREEN = 24
PARAMS = toy.PARAMS.read_text()


def line_of(text, part):
    return next(number for number, line in enumerate(text.splitlines(), 1) if part in line)


@pytest.fixture
def refused(tmp_path, monkeypatch, capsys):
    """Run a verb on a changed params.yaml; return what the person sees."""

    def run(text):
        monkeypatch.chdir(tmp_path)
        (tmp_path / "params.yaml").write_bytes(text if isinstance(text, bytes) else text.encode())
        assert main(["ingest", "2013-01"]) == 10
        said = capsys.readouterr()
        assert said.out == ""
        assert "Traceback" not in said.err
        assert len(said.err.splitlines()) <= ONE_SCREEN
        assert not (tmp_path / "data").exists()
        return said.err

    return run


def test_the_params_of_the_repository_are_accepted():
    assert settings.load(ROOT / "params.yaml").data.months


def test_the_settings_are_what_the_file_says():
    given = settings.load(toy.PARAMS)
    assert given.task == "binary"
    assert given.data.months == ("2013-01", "2013-02", "2013-03", "2013-04")
    assert given.train.monotone == {"wind": 1}


def test_an_unknown_key_is_named_with_its_line_and_the_known_ones(refused):
    text = PARAMS.replace("max_depth:", "max_dept:")
    said = refused(text)
    assert f"params.yaml:{line_of(text, 'max_dept')}: train.max_dept: unknown key" in said
    assert "known here: rounds, early_stopping_rounds, learning_rate, max_depth" in said


def test_an_unknown_section_is_named_with_the_known_ones(refused):
    said = refused(PARAMS + "\ntrian: {}\n")
    assert "trian: unknown key, known here: task, data, split, train, evaluate" in said


@pytest.mark.parametrize(
    ("before", "after", "key"),
    [
        ("rounds: 2000", "rounds: many", "train.rounds"),
        ("rounds: 2000", "rounds: 2.5", "train.rounds"),
        ("learning_rate: 0.05", "learning_rate: [0.05]", "train.learning_rate"),
        ("learning_rate: 0.05", "learning_rate: 0", "train.learning_rate"),
        ("learning_rate: 0.05", "learning_rate: .nan", "train.learning_rate"),
        ("max_depth: 5", "max_depth: 17", "train.max_depth"),
        ("validation_days: 6", "validation_days: 0", "split.validation_days"),
        ("confidence: 0.95", "confidence: 95", "evaluate.confidence"),
        ("wind: 1", "wind: 2", "train.monotone.wind"),
        ("task: binary", "task: ternary", "task"),
        ("- 2013-02", "- 2013-13", "data.months.1"),
    ],
)
def test_a_wrong_type_or_a_value_out_of_range_is_named_with_its_line(refused, before, after, key):
    text = PARAMS.replace(before, after)
    assert f"params.yaml:{line_of(text, after)}: {key}: " in refused(text)


@pytest.mark.parametrize("swap", [("2013-02", "2013-01"), ("2013-02", "2013-04")])
def test_months_twice_or_out_of_order_are_refused(refused, swap):
    assert "data.months: months must be in order, each once" in refused(PARAMS.replace(*swap, 1))


def test_all_problems_are_told_at_once(refused):
    said = refused(PARAMS.replace("max_depth: 5", "max_depth: no").replace("seed: 2013", "sead: 2013"))
    assert "has 5 problem(s)" in said
    assert all(key in said for key in ("train.max_depth", "train.sead", "evaluate.sead"))


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (PARAMS.replace("rounds: 2000", "rounds: [1, 2"), "params.yaml:"),
        (PARAMS.replace("  max_depth: 5", "  max_depth: 5\n  max_depth: 6"), 'duplicate key "max_depth"'),
        (PARAMS.replace("  max_depth: 5", "\tmax_depth: 5"), "params.yaml:"),
        (b"task: \xff", "can't decode byte 0xff"),
        ("", "valid dictionary"),
        ("- a list", "valid dictionary"),
    ],
    ids=["open list", "duplicate key", "tab", "not UTF-8", "empty", "a list"],
)
def test_what_is_no_yaml_mapping_is_refused(refused, text, told):
    assert told in refused(text)


def test_a_missing_file_says_where_to_be(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert main(["ingest", "2013-01"]) == 10
    assert f"There is no params.yaml here.\n  where: {tmp_path / 'params.yaml'}" in capsys.readouterr().err


def test_a_file_that_cannot_be_read_is_no_traceback(tmp_path):
    (tmp_path / "params.yaml").mkdir()
    with pytest.raises(ParamsError, match="cannot be read: Is a directory"):
        settings.load(tmp_path / "params.yaml")


def test_settings_cannot_be_changed_after_loading(tmp_path):
    given = settings.load(shutil.copy(toy.PARAMS, tmp_path / "params.yaml"))
    with pytest.raises(ValueError, match="frozen"):
        given.train.rounds = 1
