"""The model card tells every column and every figure, and no text in it can become markup."""

from __future__ import annotations

import shutil
from dataclasses import replace

import pytest
from markdown_it import MarkdownIt
from merge_lane.cli import main
from merge_lane.data.columns import Schema
from merge_lane.errors import SourceError
from merge_lane.metrics.table import METRICS
from merge_lane.model import bundle
from merge_lane.stages.document import card, document, metric_table
from merge_lane.system.files import read_json

HOSTILE = (
    "<script>alert(1)</script> | x | y\n\n# Heading\n![i](https://example.org/a.png) [l](https://example.org)"
    " `code` **bold** _it_ ~~gone~~ @team www.example.org \\| &lt;b&gt; $x$"
)


@pytest.fixture(scope="module")
def model(models):
    return bundle.load(models)


@pytest.fixture(scope="module")
def measured(reports):
    return read_json(reports / "metrics.json"), read_json(reports / "slices.json")


@pytest.fixture(scope="module")
def text(model, measured):
    return card(model, *measured)


def tables_of(text):
    """Return the cells of each table row as GitHub renders them."""
    tokens = MarkdownIt("gfm-like", {"linkify": False}).parse(text)
    rows, row = [], None
    for place, token in enumerate(tokens):
        if token.type == "tr_open":
            row = []
        elif token.type in ("td_open", "th_open"):
            inline = tokens[place + 1].children or []
            row.append("".join(child.content for child in inline))
        elif token.type == "tr_close":
            rows.append(row)
    return rows


def test_every_column_of_the_contract_has_its_row(text, model):
    rows = {row[0]: row for row in tables_of(text)}
    for column in model.schema:
        assert rows[column.name][1] == column.description
        assert rows[column.name][4] == column.known.replace("_", " ")
    assert rows["origin"][3] == "EWR, JFK, LGA"
    assert rows["carrier"][3] == "^[0-9A-Z]{2}$"
    assert rows["wind_speed"][3] == "0.0 to 200.0 mph" or rows["wind_speed"][3] == "0 to 200 mph"


def test_every_metric_is_told_with_its_interval_and_its_baselines(text, measured):
    metrics, _ = measured
    for name, metric in METRICS["binary"].items():
        (line,) = (line for line in text.splitlines() if line.startswith(metric.title + " "))
        for who in ("model", "rate_table", "base_rate"):
            assert f"{metrics[who][name]['value']:.4f}" in line
        assert f"[{metrics['model'][name]['low']:.4f}, {metrics['model'][name]['high']:.4f}]" in line


def test_every_slice_has_its_table(text, measured):
    rows = tables_of(text)
    for name, groups in measured[1].items():
        assert f"### By {name}" in text
        for value, figures in groups.items():
            assert any(row[:2] == [value, f"{figures['rows']:,}"] for row in rows)


def test_the_card_names_the_model_and_what_it_was_made_from(text, model):
    assert model.hash in text
    assert all(value in text for value in model.manifest["inputs"].values())


@pytest.mark.parametrize(
    ("error", "says"),
    [
        (0.005, "Calibrated: probabilities are off by 0.5%"),
        (0.08, "**Not calibrated**: probabilities are off by 8.0%"),
    ],
)
def test_the_card_says_whether_a_probability_may_be_read_as_it_stands(model, measured, error, says):
    metrics = {
        **measured[0],
        "model": {**measured[0]["model"], "ece": {"value": error, "low": None, "high": None}},
    }
    assert says in card(model, metrics, measured[1])


def plain_of(text):
    """Return text as a person reads it: one space between words, nothing invisible."""
    return " ".join(text.replace("\u2060", "").split())


def test_hostile_text_stays_text_in_its_own_cell(model, measured):
    columns = tuple(
        replace(c, description=HOSTILE, unit=HOSTILE) if c.name in ("temp", "late") else c
        for c in model.schema
    )
    hostile = replace(model, schema=Schema(columns))
    metrics, slices = measured
    group = next(iter(slices["carrier"].values()))
    text = card(hostile, metrics, {**slices, "carrier": {HOSTILE: group}})
    rows = [[plain_of(cell) for cell in row] for row in tables_of(text)]
    plain = plain_of(HOSTILE)
    assert next(row for row in rows if row[0] == "temp")[1] == plain
    assert next(row for row in rows if row[0] == plain)[1] == f"{group['rows']:,}"
    assert "://" not in text  # GitHub makes a link of it, and of the next one
    assert "www." not in text
    assert "@" not in text
    rendered = MarkdownIt("gfm-like", {"linkify": False, "html": True}).render(text)
    for markup in ("<script", "<img", "<a ", "<h1>Heading", "<strong>bold", "<em>", "<code>code", "<s>"):
        assert markup not in rendered, markup


def test_the_same_figures_are_the_same_card(models, reports, tmp_path):
    for name in "ab":
        document(models, reports, tmp_path / name)
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


def test_a_report_that_is_not_there_is_named(models, tmp_path):
    with pytest.raises(SourceError, match=r"There is no .*metrics\.json"):
        document(models, tmp_path, tmp_path / "card.md")


def test_the_command_prints_the_table_or_says_what_is_missing(
    reports, measured, tmp_path, monkeypatch, capsys
):
    monkeypatch.chdir(tmp_path)
    assert main(["metrics"]) == 11
    assert "There is no reports/metrics.json." in capsys.readouterr().err
    shutil.copytree(reports, tmp_path / "reports")
    assert main(["metrics"]) == 0
    assert capsys.readouterr().out.rstrip("\n") == metric_table(measured[0])
