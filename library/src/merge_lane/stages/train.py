"""train: fit a model to the training rows, stop early on later days, write the bundle."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from merge_lane import project
from merge_lane.data import tables
from merge_lane.data.labels import class_names, labels
from merge_lane.data.split import PART, TRAIN, VALIDATION
from merge_lane.errors import LeakError, TrainingError
from merge_lane.metrics.ranking import delong
from merge_lane.model import learners
from merge_lane.model.encode import Encoding
from merge_lane.model.export import export
from merge_lane.model.inputs import model_features
from merge_lane.model.reference import reference
from merge_lane.system.files import digest, json_digest

if TYPE_CHECKING:
    from pathlib import Path

    from merge_lane.data.columns import Arrays, Schema
    from merge_lane.settings import Train


@dataclass(frozen=True)
class Trained:
    """The result of a training: trees, rows used for training, the model's hash."""

    rounds: int
    rows: int
    model: str


@dataclass(frozen=True)
class Part:
    """Features and labels (float64, class codes for classification) of one part of the split."""

    features: Arrays
    labels: np.ndarray


def train(
    path: Path, schema: Schema, params: Train, task: str, target: Path, *, learner: str = learners.DEFAULT
) -> Trained:
    """Train on the rows in `path` and write the bundle to `target`; `learner` is one of LEARNERS.

    Raises TrainingError where there is nothing to train on, LeakError where one feature alone knows
    the answer, ParamsError for a monotone constraint on a feature that does not exist.
    """
    rows = tables.read(path)
    classes = class_names(rows, schema, task)
    parts = {name: _part(rows.filter(pl.col(PART) == name), schema, classes) for name in (TRAIN, VALIDATION)}
    refuse_hopeless(parts, task)
    if task == "binary":
        refuse_leak(parts[TRAIN], params.max_single_feature_auc)
    encoding = Encoding.fit(parts[TRAIN].features, params.max_categories)
    model = fit(parts, encoding, params, task, len(classes), learner=learner)
    module = learners.LEARNERS[learner]
    scores = module.predict(model, encoding.matrix(parts[VALIDATION].features))
    written = export(
        target,
        model,
        schema=schema,
        encoding=encoding,
        reference=reference(parts[TRAIN].features, scores, classes or None),
        task=task,
        classes=classes or None,
        inputs=_inputs(path, schema, params),
        learner=learner,
    )
    return Trained(module.rounds(model), len(parts[TRAIN].labels), written)


def _inputs(path: Path, schema: Schema, params: Train) -> dict[str, str]:
    """Return the hash of everything that the model is made from."""
    return {
        "data": digest(path),
        "params": json_digest(params.model_dump(mode="json")),
        "contract": schema.hash,
        "features": digest(str(project.features().__file__)),
    }


def _part(rows: pl.DataFrame, schema: Schema, classes: list[str]) -> Part:
    return Part(model_features(rows, schema), labels(rows, schema, classes))


def refuse_hopeless(parts: dict[str, Part], task: str) -> None:
    """Raise TrainingError for an empty part, or a training part of one class."""
    for name, part in parts.items():
        if not len(part.labels):
            raise TrainingError(
                f"There are no {name} rows.",
                where="params.yaml, data.months and split",
                next="let split.test_from leave some months to train on",
            )
    if task != "regression" and len(np.unique(parts[TRAIN].labels)) == 1:
        raise TrainingError(
            "All training rows have the same label: there is nothing to learn.",
            where="the label column",
            next="add months, or fix the label in source.py",
        )


def refuse_leak(part: Part, limit: float) -> None:
    """Raise LeakError if one number alone ranks the training rows better than `limit` (ROC AUC)."""
    for name, values in part.features.items():
        if values.dtype == object:
            continue
        auc = single_feature_auc(values, part.labels)
        if auc > limit:
            raise LeakError(
                f"The feature {name} alone reaches a ROC AUC of {auc:.3f}: it contains the answer.",
                where=f"features.py, {name}",
                next="leave it out, or raise train.max_single_feature_auc if it is honest",
            )


def single_feature_auc(values: np.ndarray, labels: np.ndarray) -> float:
    """Return how well one number ranks the rows, in either direction; a missing value ranks lowest."""
    auc = delong(labels, np.nan_to_num(values, nan=-np.inf)).value
    return max(auc, 1.0 - auc)


def fit(
    parts: dict[str, Part],
    encoding: Encoding,
    params: Train,
    task: str,
    classes: int,
    *,
    learner: str = learners.DEFAULT,
) -> Any:
    """Return the learner's model of the training rows; the validation rows say when to stop."""
    train, validation = (
        (encoding.matrix(parts[name].features), parts[name].labels) for name in (TRAIN, VALIDATION)
    )
    return learners.LEARNERS[learner].fit(
        train, validation, params, task=task, classes=classes, names=encoding.names
    )
