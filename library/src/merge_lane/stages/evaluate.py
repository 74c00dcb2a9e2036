"""evaluate: the model on the test months, next to baselines, each figure with its interval."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from merge_lane.data import slices, tables
from merge_lane.data.labels import SCORE, labels
from merge_lane.data.split import MONTH, PART, TEST
from merge_lane.errors import TrainingError
from merge_lane.metrics import baseline
from merge_lane.metrics.bootstrap import Resampling, intervals, point
from merge_lane.metrics.curves import curves
from merge_lane.model import bundle
from merge_lane.system.files import write_json, write_text

if TYPE_CHECKING:
    from pathlib import Path

    from merge_lane.data.columns import Schema
    from merge_lane.metrics.curves import Curve
    from merge_lane.model.bundle import Bundle
    from merge_lane.settings import Evaluate

DIGITS = 6  # a seventh digit of a metric is noise, and two machines may differ in it


@dataclass(frozen=True)
class Tested:
    """The test rows, their labels and the model's scores."""

    rows: pl.DataFrame
    labels: np.ndarray
    scores: np.ndarray
    resampling: Resampling


def evaluate(path: Path, models: Path, params: Evaluate, target: Path) -> dict[str, Any]:
    """Score the test rows in `path` with the bundle in `models`; write metrics, slices, curves, predictions.

    Returns what `metrics.json` holds. Raises BundleError for a bundle that is not whole, TrainingError
    where there are no test rows.
    """
    model = bundle.load(models)
    table = tables.read(path)
    known, test = table.filter(pl.col(PART) != TEST), table.filter(pl.col(PART) == TEST)
    if test.is_empty():
        raise TrainingError(
            "There are no test rows.",
            where="params.yaml, data.months and split.test_from",
            next="let split.test_from be a month that data.months has",
        )
    tested = score(test, model, params)
    report, sliced = measured(tested, known, model, params), by_slice(tested, model, params)
    drawn = curves(model.task, tested.labels, tested.scores, params.bins)
    scored = predictions(tested, model, params)
    # Nothing is written before everything is made: a mistake leaves no report next to an older one.
    write_json(target / "metrics.json", report)
    write_json(target / "slices.json", sliced)
    for name, curve in drawn.items():
        write_text(target / "plots" / f"{name}.csv", as_csv(curve))
    tables.write(scored, target / "predictions.parquet")
    return report


def score(test: pl.DataFrame, model: Bundle, params: Evaluate) -> Tested:
    """Score the test rows exactly as the API does."""
    scores = model.predict(tables.to_arrays(test, [c.name for c in model.schema.request]))
    time = model.schema.time
    times = None if time is None else test[time.name].to_numpy()
    resampling = Resampling.of(
        times,
        test.height,
        bootstrap=params.bootstrap,
        confidence=params.confidence,
        bins=params.bins,
        seed=params.seed,
    )
    return Tested(test, labels(test, model.schema, model.classes or []), scores, resampling)


def measured(tested: Tested, known: pl.DataFrame, model: Bundle, params: Evaluate) -> dict[str, Any]:
    """Return the metrics of the model and of both baselines, with intervals, and the counts of rows."""
    classes = model.classes or []
    seen = labels(known, model.schema, classes)
    groups = _groups(pl.concat([known, tested.rows]), params, model.schema)
    before, current = groups.head(known.height), groups.tail(tested.rows.height)
    competitors = {
        "model": tested.scores,
        "rate_table": baseline.rate_table(before, seen, current, len(classes)),
        "base_rate": baseline.base_rate(seen, len(tested.labels), len(classes)),
    }
    figures = {
        name: rounded(intervals(model.task, tested.labels, scores, tested.resampling))
        for name, scores in competitors.items()
    }
    return {**figures, **_facts(tested, seen, classes)}


def _groups(rows: pl.DataFrame, params: Evaluate, schema: Schema) -> pl.DataFrame:
    """Return the groups of the rate table as text; with no column to group by, all rows are one group."""
    everyone = {"": pl.repeat("all", rows.height, eager=True)}
    return pl.DataFrame(everyone | {name: slices.group(rows, name, schema) for name in params.rate_table})


def _facts(tested: Tested, seen: np.ndarray, classes: list[str]) -> dict[str, Any]:
    facts: dict[str, Any] = {"rows": {"train": len(seen), "test": len(tested.labels)}}
    if not classes:
        facts["mean_label"] = rounded({"train": float(seen.mean()), "test": float(tested.labels.mean())})
        facts["mean_prediction"] = rounded({"test": float(tested.scores.mean())})
    return facts


def by_slice(tested: Tested, model: Bundle, params: Evaluate) -> dict[str, Any]:
    """Return rows and metrics of every group of every slice; groups too small to judge have rows only."""
    report: dict[str, Any] = {}
    for name in params.slices:
        groups = slices.group(tested.rows, name, model.schema).to_numpy()
        report[name] = {
            value: _one(tested, groups == value, model.task, params) for value in set(groups.tolist())
        }
    return report


def _one(tested: Tested, chosen: np.ndarray, task: str, params: Evaluate) -> dict[str, Any]:
    rows = int(chosen.sum())
    if rows < params.min_slice_rows:
        return {"rows": rows}
    values = point(task, tested.labels[chosen], tested.scores[chosen], bins=params.bins)
    return {"rows": rows, **rounded({name: value for name, value in values.items() if np.isfinite(value)})}


def predictions(tested: Tested, model: Bundle, params: Evaluate) -> pl.DataFrame:
    """Return the test rows' keys, slices, label and score: a later review does not score again."""
    schema = model.schema
    keys = [c.name for c in schema.request if c.role in ("key", "time")]
    sliced = slices.add(tested.rows, params.slices, schema)
    kept = sliced.select(
        *keys, MONTH, schema.label.name, *(f"{slices.SLICE}{name}" for name in params.slices)
    )
    if tested.scores.ndim == 1:
        return kept.with_columns(pl.Series(SCORE, tested.scores))
    return kept.with_columns(
        pl.Series(f"{SCORE}:{name}", tested.scores[:, code]) for code, name in enumerate(model.classes or [])
    )


def as_csv(curve: Curve) -> str:
    """Return the points of a curve as CSV."""
    lines = [",".join(curve)]
    lines += [
        ",".join(f"{float(value):.{DIGITS}g}" for value in point)
        for point in zip(*curve.values(), strict=True)
    ]
    return "\n".join(lines)


def rounded(value: Any) -> Any:
    """Return nested figures rounded to DIGITS decimals."""
    if isinstance(value, dict):
        return {name: rounded(inner) for name, inner in value.items()}
    return round(value, DIGITS) if isinstance(value, float) else value
