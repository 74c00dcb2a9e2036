"""The check of a converted model: ONNX Runtime scores as the learner does."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from merge_lane.errors import BundleError

if TYPE_CHECKING:
    from merge_lane.model.encode import Encoding

TOLERANCE = 1e-5
"""Learner and ONNX Runtime add float32 in another order; more than this is another model."""

MISSING_SHARE = 0.1


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


def check_agreement(onnx_scores: np.ndarray, learner_scores: np.ndarray) -> None:
    """Raise BundleError where the two runtimes disagree: the converted model must not be shipped."""
    scale = max(1.0, float(np.max(np.abs(learner_scores))))  # 1 for probabilities, the target's own otherwise
    worst = float(np.max(np.abs(onnx_scores - learner_scores))) / scale
    if not worst <= TOLERANCE:
        raise BundleError(
            f"The ONNX model and the xgboost model disagree by {worst:.2g}, {TOLERANCE:g} is allowed.",
            where="model.onnx, scored against model.ubj on 512 rows",
            next="the model is degenerate (one leaf?) or the converter does not know its objective",
        )
