"""train: learn from the training rows, stop early on later days, write the bundle."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from merge_lane import project
from merge_lane.data import tables
from merge_lane.data.labels import class_names, labels
from merge_lane.data.split import PART, TRAIN, VALIDATION
from merge_lane.errors import LeakError, ParamsError, TrainingError
from merge_lane.metrics.ranking import delong
from merge_lane.model.encode import Encoding
from merge_lane.model.export import export
from merge_lane.model.inputs import model_features
from merge_lane.model.reference import reference
from merge_lane.system.files import digest, json_digest

if TYPE_CHECKING:
    from pathlib import Path

    import xgboost as xgb

    from merge_lane.data.columns import Arrays, Schema
    from merge_lane.settings import Train

REPORT_EVERY_ROUNDS = 50


@dataclass(frozen=True)
class Trained:
    """What came of a training: trees, rows learnt from, the model's hash."""

    rounds: int
    rows: int
    model: str


@dataclass(frozen=True)
class Part:
    """Features and labels (float64, class codes for classification) of one part of the split."""

    features: Arrays
    labels: np.ndarray


def train(path: Path, schema: Schema, given: Train, task: str, target: Path) -> Trained:
    """Train on the rows in `path` and write the bundle to `target`.

    Raises TrainingError where there is nothing to learn from, LeakError where one feature alone knows
    the answer, ParamsError for a monotone constraint on a feature that does not exist.
    """
    rows = tables.read(path)
    classes = class_names(rows, schema, task)
    parts = {name: _part(rows.filter(pl.col(PART) == name), schema, classes) for name in (TRAIN, VALIDATION)}
    refuse_hopeless(parts, task)
    if task == "binary":
        refuse_leak(parts[TRAIN], given.max_single_feature_auc)
    encoding = Encoding.fit(parts[TRAIN].features, given.max_categories)
    booster = fit(parts, encoding, given, task, len(classes))
    inputs = {
        "data": digest(path),
        "params": json_digest(given.model_dump(mode="json")),
        "contract": schema.hash,
        "features": digest(str(project.features().__file__)),
    }
    rounds = booster.best_iteration + 1
    scores = booster.inplace_predict(encoding.matrix(parts[VALIDATION].features), iteration_range=(0, rounds))
    model = export(
        target,
        booster,
        schema=schema,
        encoding=encoding,
        reference=reference(parts[TRAIN].features, scores, classes or None),
        task=task,
        classes=classes or None,
        inputs=inputs,
    )
    return Trained(rounds, len(parts[TRAIN].labels), model)


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
            next="add months, or mend the label in source.py",
        )


def refuse_leak(part: Part, limit: float) -> None:
    """Raise LeakError if one number alone ranks the training rows better than `limit` (ROC AUC)."""
    for name, values in part.features.items():
        if values.dtype == object:
            continue
        auc = single_feature_auc(values, part.labels)
        if auc > limit:
            raise LeakError(
                f"The feature {name} alone reaches a ROC AUC of {auc:.3f}: it has seen the answer.",
                where=f"features.py, {name}",
                next="leave it out, or raise train.max_single_feature_auc if it is honest",
            )


def single_feature_auc(values: np.ndarray, labels: np.ndarray) -> float:
    """Return how well one number ranks the rows, in either direction; a missing value ranks lowest."""
    auc = delong(labels, np.nan_to_num(values, nan=-np.inf)).value
    return max(auc, 1.0 - auc)


def fit(parts: dict[str, Part], encoding: Encoding, given: Train, task: str, classes: int) -> xgb.Booster:
    """Return the booster; its best round is the one on the validation days."""
    import xgboost as xgb

    train = xgb.QuantileDMatrix(
        encoding.matrix(parts[TRAIN].features),
        parts[TRAIN].labels,
        max_bin=given.max_bin,
        nthread=given.threads,
    )
    later = xgb.QuantileDMatrix(
        encoding.matrix(parts[VALIDATION].features),
        parts[VALIDATION].labels,
        ref=train,
        nthread=given.threads,
    )
    return xgb.train(
        parameters(given, task, classes, encoding.names),
        train,
        given.rounds,
        evals=[(later, VALIDATION)],
        early_stopping_rounds=given.early_stopping_rounds,
        verbose_eval=REPORT_EVERY_ROUNDS,
    )


def parameters(given: Train, task: str, classes: int, names: tuple[str, ...]) -> dict[str, Any]:
    """Return xgboost's parameters. Raises ParamsError for a monotone constraint on an unknown feature."""
    objectives: dict[str, dict[str, Any]] = {
        "binary": {"objective": "binary:logistic", "eval_metric": "logloss"},
        "multiclass": {"objective": "multi:softprob", "eval_metric": "mlogloss", "num_class": classes},
        "regression": {"objective": "reg:squarederror", "eval_metric": "rmse"},
    }
    unknown = sorted(set(given.monotone) - set(names))
    if unknown:
        raise ParamsError(
            f"train.monotone names {', '.join(unknown)}, which features.build does not return.",
            where="params.yaml, train.monotone",
            next=f"choose from {', '.join(names)}",
        )
    same = given.model_dump(
        include={
            "learning_rate", "max_depth", "min_child_weight", "subsample",
            "colsample_bytree", "reg_lambda", "max_bin", "seed",
        }
    )  # fmt: skip
    monotone = tuple(given.monotone.get(name, 0) for name in names)
    return {
        **objectives[task],
        **same,
        "tree_method": "hist",
        "nthread": given.threads,
        "monotone_constraints": monotone,
    }
