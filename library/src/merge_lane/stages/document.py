"""document: the model card, written from the contract, the bundle and what was measured."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from merge_lane.data.columns import Role
from merge_lane.data.slices import order
from merge_lane.errors import SourceError
from merge_lane.metrics.table import METRICS
from merge_lane.metrics.text import interval, number
from merge_lane.model import bundle
from merge_lane.system.files import read_json, write_text
from merge_lane.system.markdown import escape

if TYPE_CHECKING:
    from pathlib import Path

    from merge_lane.data.columns import Column
    from merge_lane.model.bundle import Bundle

WELL_CALIBRATED = 0.02
"""Below this expected calibration error a probability may be read as it stands."""

CELL = 10_000
"""Characters of a cell; a contract's own texts are not cut."""

ROLES = {
    Role.FEATURE: "Used for training",
    Role.KEY: "Identify a row, never used for training",
    Role.TIME: "Order the rows",
    Role.LABEL: "Predicted",
    Role.FORBIDDEN: "Known too late, refused as features",
}


def document(models: Path, reports: Path, target: Path) -> None:
    """Write the model card to `target`."""
    model = bundle.load(models)
    metrics, slices = report(reports / "metrics.json"), report(reports / "slices.json")
    write_text(target, card(model, metrics, slices))


def report(path: Path) -> Any:
    """Return what `evaluate` wrote to `path`. Raises SourceError if it is not there."""
    if not path.is_file():
        raise SourceError(f"There is no {path}.", where=str(path), next="dvc repro, or dvc pull")
    return read_json(path)


def card(model: Bundle, metrics: dict[str, Any], slices: dict[str, Any]) -> str:
    """Return the model card as Markdown."""
    parts = [
        "# Model card",
        f"Model `{model.hash}` ({model.task}), predicting **{_cell(model.schema.label.name)}**: "
        f"{_cell(model.schema.label.description)}.",
        "## How good it is",
        _measured(metrics),
        "```text\n" + metric_table(metrics) + "\n```",
        _calibration(metrics),
        "## Where it is better and worse",
        *(_slice_table(name, groups, model.task) for name, groups in slices.items()),
        "## Data",
        *(_columns(role, model.schema.having(role)) for role in ROLES if model.schema.having(role)),
        "## What it was made from",
        "\n".join(f"- {name}: `{value}`" for name, value in sorted(model.manifest["inputs"].items())),
    ]
    return "\n\n".join(part for part in parts if part)


def _measured(metrics: dict[str, Any]) -> str:
    rows = metrics["rows"]
    return (
        f"Measured on {rows['test']:,} rows later than the {rows['train']:,} used for training; "
        "intervals resample whole days."
    )


def metric_table(metrics: dict[str, Any]) -> str:
    """Return the metrics of the model next to its baselines as a table of text, intervals in brackets."""
    task = next(name for name, table in METRICS.items() if set(metrics["model"]) == set(table))
    head = ["", "model", "interval", "rate table", "base rate"]
    body = [
        [
            metric.title,
            number(metrics["model"][name]["value"]),
            interval(metrics["model"][name]["low"], metrics["model"][name]["high"]),
            number(metrics["rate_table"][name]["value"]),
            number(metrics["base_rate"][name]["value"]),
        ]
        for name, metric in METRICS[task].items()
    ]
    return _aligned([head, *body])


def _aligned(table: list[list[str]]) -> str:
    widths = [max(len(row[column]) for row in table) for column in range(len(table[0]))]
    lines = []
    for row in table:
        cells = [
            row[0].ljust(widths[0]),
            *(cell.rjust(width) for cell, width in zip(row[1:], widths[1:], strict=True)),
        ]
        lines.append("  ".join(cells).rstrip())
    return "\n".join(lines)


def _calibration(metrics: dict[str, Any]) -> str:
    error = metrics["model"].get("ece", {}).get("value")
    if error is None:
        return ""
    if error <= WELL_CALIBRATED:
        return (
            f"Calibrated: probabilities are off by {error:.1%} on average, so they may be read as they stand."
        )
    return (
        f"**Not calibrated**: probabilities are off by {error:.1%} on average. Rank by them; "
        "do not read them as frequencies without a correction."
    )


def _slice_table(name: str, groups: dict[str, Any], task: str) -> str:
    measures = list(METRICS[task])
    head = (
        f"### By {name}\n\n| {name} | rows | " + " | ".join(METRICS[task][m].title for m in measures) + " |"
    )
    rule = "|---|---:|" + "---:|" * len(measures)
    lines = [
        f"| {_cell(value)} | {figures['rows']:,} | "
        + " | ".join(number(figures.get(m)) for m in measures)
        + " |"
        for value, figures in sorted(groups.items(), key=lambda item: order(item[0]))
    ]
    return "\n".join([head, rule, *lines])


def _columns(role: Role, columns: tuple[Column, ...]) -> str:
    head = f"### {ROLES[role]}\n\n| column | meaning | type | limits | known |\n|---|---|---|---|---|"
    lines = [
        f"| {_cell(c.name)} | {_cell(c.description)} | {c.dtype}{' or missing' if c.nullable else ''} "
        f"| {_cell(_limits(c))} | {c.known.replace('_', ' ')} |"
        for c in columns
    ]
    return "\n".join([head, *lines])


def _limits(column: Column) -> str:
    if column.allowed is not None:
        return ", ".join(str(value) for value in column.allowed)
    if column.pattern is not None:
        return column.pattern
    if column.minimum is None and column.maximum is None:
        return ""
    return f"{column.minimum} to {column.maximum} {column.unit}".strip()


def _cell(text: object) -> str:
    return escape(str(text), CELL)
