"""A small project in memory: a schema, a features module, a trained model of each task. Always the same."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np

from merge_lane.data.columns import Column, Known, Role, Schema
from merge_lane.model import export as exporting
from merge_lane.model import reference
from merge_lane.model.encode import Encoding

SCHEMA = Schema(
    (
        Column("parcel", "int", Role.KEY, Known.IN_ADVANCE, minimum=1, maximum=9999, example=1545),
        Column("sched_dep", "datetime", Role.TIME, Known.IN_ADVANCE, example="2013-01-01T05:15:00"),
        Column(
            "courier", "str", Role.FEATURE, Known.IN_ADVANCE, allowed=("AA", "B6", "UA"), example="UA",
            description="Courier",
        ),
        Column("dest", "str", Role.FEATURE, Known.IN_ADVANCE, pattern=r"^[A-Z]{3}$", example="IAH"),
        Column(
            "distance", "float", Role.FEATURE, Known.IN_ADVANCE, minimum=0, maximum=6000, unit="miles",
            description="Length of the route", example=1400.0,
        ),
        Column(
            "wind", "float", Role.FEATURE, Known.AT_DECISION, nullable=True, minimum=0, unit="mph",
            example=10.4,
        ),
        Column("holiday", "bool", Role.FEATURE, Known.IN_ADVANCE, example=False),
        Column("late_start", "float", Role.FORBIDDEN, Known.AFTER_DECISION, nullable=True),
        Column("late", "bool", Role.LABEL, Known.WITH_LABEL),
    )
)  # fmt: skip

PARAMS = Path(__file__).with_name("toy.yaml")

ROW = {
    "parcel": 1545, "sched_dep": "2013-01-01T05:15:00", "courier": "UA", "dest": "IAH",
    "distance": 1400.0, "wind": 10.4, "holiday": False,
}  # fmt: skip

INPUTS = {"data": "d" * 64, "params": "a" * 64, "contract": SCHEMA.hash}
OBJECTIVES = {
    "binary": {"objective": "binary:logistic"},
    "multiclass": {"objective": "multi:softprob", "num_class": 3},
    "regression": {"objective": "reg:squarederror"},
}


def build(arrays):
    hour = (arrays["sched_dep"] - arrays["sched_dep"].astype("datetime64[D]")) / np.timedelta64(1, "h")
    holiday = arrays["holiday"].astype(np.float64)
    return {
        **{name: arrays[name] for name in ("courier", "dest", "distance", "wind")},
        "hour": hour,
        "holiday": holiday,
    }


@cache
def arrays(rows=800):
    random = np.random.default_rng(7)
    minutes = random.integers(0, 60 * 24 * 300, rows)
    wind = np.where(random.random(rows) < 0.1, np.nan, random.gamma(2.0, 6.0, rows))
    return {
        "parcel": random.integers(1, 9999, rows).astype(np.float64),
        "sched_dep": np.datetime64("2013-01-01T00:00", "us") + minutes * np.timedelta64(60_000_000, "us"),
        "courier": random.choice(np.array(["AA", "B6", "UA"], dtype=object), rows, p=[0.2, 0.3, 0.5]),
        "dest": random.choice(np.array(["IAH", "LAX", "MIA", None], dtype=object), rows),
        "distance": random.uniform(90, 3000, rows).round(),
        "wind": wind,
        "holiday": random.random(rows) < 0.1,
    }


def _codes(task):
    """Return the label of each row as a model learns it: what the wind and the hour say, and noise."""
    known = arrays()
    noise = np.random.default_rng(3).normal(0, 1, len(known["wind"]))
    signal = np.nan_to_num(known["wind"]) / 6 + build(known)["hour"] / 8 + noise
    return {"binary": signal > 4, "multiclass": np.digitize(signal, [2, 4]), "regression": 40 * signal}[task]


@cache
def trained(task):
    """Return (booster, encoding, matrix) of a small model."""
    import xgboost

    features = build(arrays())
    encoding = Encoding.fit(features, 10)
    matrix = encoding.matrix(features)
    label = _codes(task)
    train, valid = (
        xgboost.DMatrix(matrix[part], label[part], feature_names=list(encoding.names))
        for part in (slice(0, 600), slice(600, None))
    )
    params = {**OBJECTIVES[task], "max_depth": 3, "seed": 1, "nthread": 1}
    booster = xgboost.train(
        params, train, 80, evals=[(valid, "valid")], early_stopping_rounds=5, verbose_eval=False
    )
    return booster, encoding, matrix


def parts(task):
    """Return what belongs into the bundle of a small model besides the model."""
    booster, encoding, matrix = trained(task)
    classes = {"binary": ["False", "True"], "multiclass": ["low", "middle", "high"], "regression": None}[task]
    scores = booster.inplace_predict(matrix, validate_features=False)
    return {
        "schema": SCHEMA, "encoding": encoding,
        "reference": reference.reference(build(arrays()), scores, classes),
        "task": task, "classes": classes, "inputs": INPUTS, "build": build,
    }  # fmt: skip


def xgboost_scores(loaded, columns):
    """Return what xgboost, an independent runtime, scores for the request columns of a bundle."""
    import xgboost

    booster = xgboost.Booster(model_file=bytearray(loaded.ubj))
    return booster.inplace_predict(loaded.matrix(columns), validate_features=False)


def export(directory, task="binary", **changes):
    """Write the bundle of a small model and return its hash."""
    return exporting.export(directory, trained(task)[0], **{**parts(task), **changes})


def schema(task):
    """Return the contract of a task: the same columns, another label."""
    dtype = {"binary": "bool", "multiclass": "str", "regression": "float"}[task]
    return Schema(tuple(replace(c, dtype=dtype) if c.role is Role.LABEL else c for c in SCHEMA))


def labels(task):
    """Return the label of each row, with the names that people bring."""
    names = np.array(["low", "middle", "high"], dtype=object)
    return names[_codes(task)] if task == "multiclass" else _codes(task)


def rows(task):
    """Return the raw rows as a table: what a month of the source would hold."""
    import polars as pl

    columns = {**arrays(), "late_start": np.zeros(len(arrays()["wind"])), "late": labels(task)}
    table = pl.DataFrame({column.name: columns[column.name] for column in SCHEMA}).fill_nan(None)
    return table.with_columns(pl.col("parcel").cast(pl.Int64))
