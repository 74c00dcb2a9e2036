"""Convert an xgboost model to ONNX: the same bytes every time, and the same scores as xgboost."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from merge_lane.errors import BundleError

if TYPE_CHECKING:
    from merge_lane.model.encode import Encoding

OPSET = 15
"""Understood by every ONNX Runtime of the last years; the tree operators have not changed since opset 1."""

TOLERANCE = 1e-5
"""xgboost and ONNX Runtime add float32 in another order; more than this is another model."""


MISSING_SHARE = 0.1


def as_served(booster: Any) -> Any:
    """Return the rounds up to the best one, without names. The bundle saves and serves this model."""
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


def probes(encoding: Encoding, reference: dict[str, Any], rows: int = 512) -> np.ndarray:
    """Return float32 rows as in training (its quantiles, all codes, some missing), always the same."""
    random = np.random.default_rng(0)
    matrix = np.empty((rows, len(encoding.names)), dtype=np.float32)
    for index, name in enumerate(encoding.names):
        known = reference.get("features", {}).get(name, {}).get("quantiles") or [0.0]
        if name in encoding.vocabularies:
            known = list(range(len(encoding.vocabularies[name]))) or [0.0]
        matrix[:, index] = random.choice(np.asarray(known, dtype=np.float32), rows)
    matrix[random.random(matrix.shape) < MISSING_SHARE] = np.nan
    return matrix


def check_agreement(onnx_scores: np.ndarray, xgboost_scores: np.ndarray) -> None:
    """Raise BundleError where the two runtimes disagree: the converted model must not be served."""
    scale = max(1.0, float(np.max(np.abs(xgboost_scores))))  # 1 for probabilities, the target's own otherwise
    worst = float(np.max(np.abs(onnx_scores - xgboost_scores))) / scale
    if not worst <= TOLERANCE:
        raise BundleError(
            f"The ONNX model and the xgboost model disagree by {worst:.2g}, {TOLERANCE:g} is allowed.",
            where="model.onnx, scored against model.ubj on 512 rows",
            next="the model is degenerate (one leaf?) or the converter does not know its objective",
        )
