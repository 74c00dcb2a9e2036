"""xgboost: boosted trees with early stopping, as ONNX in the same bytes every time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from merge_lane.errors import ParamsError
from merge_lane.model.learners.exported import Exported

if TYPE_CHECKING:
    import numpy as np
    import xgboost as xgb

    from merge_lane.model.learners import Part
    from merge_lane.settings import Train

OPSET = 15
"""Understood by every ONNX Runtime of the last years; the tree operators have not changed since opset 1."""

REPORT_EVERY_ROUNDS = 50


def fit(
    train: Part, validation: Part, params: Train, *, task: str, classes: int, names: tuple[str, ...]
) -> xgb.Booster:
    """Return the booster; its best round is the one on the validation rows.

    Raises ParamsError for a monotone constraint on a feature that does not exist.
    """
    import xgboost as xgb

    data = xgb.QuantileDMatrix(*train, max_bin=params.max_bin, nthread=params.threads)
    later = xgb.QuantileDMatrix(*validation, ref=data, nthread=params.threads)
    return xgb.train(
        parameters(params, task, classes, names),
        data,
        params.rounds,
        evals=[(later, "validation")],
        early_stopping_rounds=params.early_stopping_rounds,
        verbose_eval=REPORT_EVERY_ROUNDS,
    )


def parameters(params: Train, task: str, classes: int, names: tuple[str, ...]) -> dict[str, Any]:
    """Return xgboost's parameters. Raises ParamsError for a monotone constraint on an unknown feature."""
    objectives: dict[str, dict[str, Any]] = {
        "binary": {"objective": "binary:logistic", "eval_metric": "logloss"},
        "multiclass": {"objective": "multi:softprob", "eval_metric": "mlogloss", "num_class": classes},
        "regression": {"objective": "reg:squarederror", "eval_metric": "rmse"},
    }
    unknown = sorted(set(params.monotone) - set(names))
    if unknown:
        raise ParamsError(
            f"train.monotone names {', '.join(unknown)}, which features.build does not return.",
            where="params.yaml, train.monotone",
            next=f"choose from {', '.join(names)}",
        )
    same = params.model_dump(
        include={
            "learning_rate", "max_depth", "min_child_weight", "subsample",
            "colsample_bytree", "reg_lambda", "max_bin", "seed",
        }
    )  # fmt: skip
    return {
        **objectives[task],
        **same,
        "tree_method": "hist",
        "nthread": params.threads,
        "monotone_constraints": tuple(params.monotone.get(name, 0) for name in names),
    }


def rounds(model: xgb.Booster) -> int:
    """Return the number of rounds up to the best one."""
    return int(model.best_iteration) + 1


def predict(model: xgb.Booster, matrix: np.ndarray) -> np.ndarray:
    """Return the scores of the best round: (n,), or (n, classes)."""
    scores: np.ndarray = model.inplace_predict(matrix, iteration_range=(0, rounds(model)))
    return scores


def export(model: xgb.Booster, features: int) -> Exported:
    """Return the rounds up to the best one as ONNX and in xgboost's own format."""
    served = as_served(model)
    return Exported(
        onnx=to_onnx(served, features),
        native=bytes(served.save_raw("ubj")),
        best_iteration=served.num_boosted_rounds() - 1,
        predict=served.inplace_predict,
    )


def as_served(booster: Any) -> Any:
    """Return the rounds up to the best one, without names: what is saved is what is served."""
    last = booster.num_boosted_rounds() - 1
    best = booster[: getattr(booster, "best_iteration", last) + 1]  # without early stopping there is none
    best.feature_names = None  # ONNX knows columns by number, and `Encoding` owns the names
    return best


def to_onnx(booster: Any, features: int) -> bytes:
    """Return the ONNX model: input "x" float32 (n, features). Random names and tool versions are left out."""
    import onnx
    from onnxmltools import convert_xgboost
    from onnxmltools.convert.common.data_types import FloatTensorType

    inputs = [("x", FloatTensorType([None, features]))]
    model = convert_xgboost(booster, name="model", initial_types=inputs, target_opset=OPSET)
    model.producer_name, model.producer_version, model.domain = "", "", ""
    onnx.checker.check_model(model)
    serialized: bytes = model.SerializeToString(deterministic=True)
    return serialized
