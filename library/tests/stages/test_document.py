"""The model card tells every column and every figure of each task."""

from __future__ import annotations

import shutil

import pytest

from merge_lane.cli import main
from merge_lane.errors import SourceError
from merge_lane.metrics.table import METRICS
from merge_lane.model import bundle
from merge_lane.stages.document import card, document, metric_table
from merge_lane.system.files import read_json


@pytest.fixture
def measured(made):
    return read_json(made.reports / "metrics.json"), read_json(made.reports / "slices.json")


@pytest.fixture
def text(made, measured):
    return card(bundle.load(made.models), *measured)


def test_every_column_of_the_contract_has_its_row(text, made):
    for column in made.schema:
        assert f"| {column.name} |" in text.replace("\\_", "_")


def test_every_metric_is_told_with_its_interval_and_its_baselines(text, made, measured):
    for name, metric in METRICS[made.task].items():
        (line,) = (line for line in text.splitlines() if line.startswith(metric.title + " "))
        for who in ("model", "rate_table", "base_rate"):
            assert f"{measured[0][who][name]['value']:.4f}" in line, name


def test_the_card_names_the_model_and_what_it_was_made_from(text, made):
    model = bundle.load(made.models)
    assert model.hash in text
    assert all(value in text for value in model.manifest["inputs"].values())


def test_the_same_figures_are_the_same_card(made, tmp_path):
    for name in "ab":
        document(made.models, made.reports, tmp_path / name)
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


def test_a_report_that_is_not_there_is_named(made, tmp_path):
    with pytest.raises(SourceError, match=r"There is no .*metrics\.json"):
        document(made.models, tmp_path, tmp_path / "card.md")


def test_the_command_prints_the_table_or_says_what_is_missing(made, measured, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert main(["metrics"]) == 11
    assert "There is no reports/metrics.json." in capsys.readouterr().err
    shutil.copytree(made.reports, tmp_path / "reports")
    assert main(["metrics"]) == 0
    assert capsys.readouterr().out.rstrip("\n") == metric_table(measured[0])
