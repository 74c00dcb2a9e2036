"""The registry of learners: how a model is fitted, and how it becomes the files of a bundle.

A learner of your own is one more module with these functions, and one more entry.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

from merge_lane.model.learners import xgboost

if TYPE_CHECKING:
    import numpy as np

    from merge_lane.model.learners.exported import Exported
    from merge_lane.settings import Train

    Part = tuple[np.ndarray, np.ndarray]
    """Features as float32 (n, features), labels as float64 (n,): codes of classes, or values."""


class Learner(Protocol):
    """What a module must have to be a learner. A model is whatever its `fit` returns."""

    def fit(
        self, train: Part, validation: Part, params: Train, *, task: str, classes: int, names: tuple[str, ...]
    ) -> Any:
        """Return the model; `classes` is their number (0 but for multiclass), `names` are of the features."""

    def rounds(self, model: Any) -> int:
        """Return how many rounds of the model are used."""

    def predict(self, model: Any, matrix: np.ndarray) -> np.ndarray:
        """Return the scores (n,), or (n, classes), of features (n, features)."""

    def export(self, model: Any, features: int) -> Exported:
        """Return the model as it is stored and served."""


LEARNERS: dict[str, Learner] = {"xgboost": xgboost}
DEFAULT = "xgboost"
