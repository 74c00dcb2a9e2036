"""What a learner hands to the bundle."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy as np


@dataclass(frozen=True)
class Exported:
    """A model ready to be stored: the ONNX graph that serves it, and the learner's own file."""

    onnx: bytes
    """Input "x" float32 (n, features)."""
    native: bytes
    best_iteration: int
    predict: Callable[[np.ndarray], np.ndarray]
    """The learner's own scores, which those of the ONNX graph must agree with."""
