"""Features as the matrix that a model reads: numbers pass, text becomes the code of its vocabulary.

`fit` reads the vocabularies from the training rows once. The bundle holds them, so training, batch and API
give a text the same code. A text that no vocabulary holds (rare, unseen, missing) is NaN: a missing value.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from merge_lane.errors import BundleError, ContractError

if TYPE_CHECKING:
    from merge_lane.data.columns import Arrays

NAN = float("nan")


@dataclass(frozen=True)
class Encoding:
    """The model's features in their order; the vocabulary of each text feature, whose index is the code."""

    names: tuple[str, ...]
    vocabularies: dict[str, tuple[str, ...]]

    @classmethod
    def fit(cls, features: Arrays, max_categories: int) -> Encoding:
        """Return the vocabularies of the training rows: the most frequent values first, ties by name."""
        for name, values in features.items():
            _check_kind(name, values)
        texts = {name: values for name, values in features.items() if values.dtype == object}
        vocabularies = {name: _vocabulary(values, max_categories) for name, values in texts.items()}
        return cls(tuple(features), vocabularies)

    def matrix(self, features: Arrays) -> np.ndarray:
        """Return float32 (rows, features). Raises ContractError where `features` has other names or kinds."""
        self._check_names(features)
        rows = len(features[self.names[0]])
        matrix = np.empty((rows, len(self.names)), dtype=np.float32)
        with np.errstate(over="ignore"):  # a number beyond float32 becomes infinite: larger than every split
            for index, name in enumerate(self.names):
                matrix[:, index] = self._numbers(name, features[name])
        return matrix

    def _numbers(self, name: str, values: np.ndarray) -> np.ndarray | list[float]:
        codes = self._codes.get(name)
        if codes is not None:
            return [codes.get(value, NAN) for value in values.tolist()]
        if values.dtype == object:
            raise ContractError(
                f"The feature {name} was a number in training; features.py now returns text.",
                where=f"feature {name}",
                next="train again with this features.py, or restore the previous one",
            )
        return values

    def _check_names(self, features: Arrays) -> None:
        if features.keys() == self._names:
            return
        missing = sorted(self._names - features.keys())
        foreign = sorted(features.keys() - self._names)
        raise ContractError(
            "features.py does not return the features that the model was trained on"
            + (f"; missing: {', '.join(missing)}" if missing else "")
            + (f"; unknown to the model: {', '.join(foreign)}" if foreign else "")
            + ".",
            where="features.build",
            next="train again with this features.py, or restore the previous one",
        )

    @cached_property
    def _names(self) -> frozenset[str]:
        return frozenset(self.names)

    @cached_property
    def _codes(self) -> dict[str, dict[str | None, float]]:
        """Code of each text; a missing value is in no vocabulary."""
        return {
            name: {text: float(code) for code, text in enumerate(vocabulary)}
            for name, vocabulary in self.vocabularies.items()
        }

    def to_json(self) -> dict[str, Any]:
        """Return plain values for `encoding.json`."""
        vocabularies = {name: list(values) for name, values in self.vocabularies.items()}
        return {"names": list(self.names), "vocabularies": vocabularies}

    @classmethod
    def from_json(cls, value: dict[str, Any]) -> Encoding:
        """Return the encoding that `to_json` wrote. Raises BundleError for any other value."""
        try:
            vocabularies = {name: tuple(values) for name, values in value["vocabularies"].items()}
            return cls(tuple(value["names"]), vocabularies)
        except (TypeError, KeyError, AttributeError) as error:
            raise BundleError(f"encoding.json is not an encoding of this version: {error!r}.") from error


def _vocabulary(values: np.ndarray, max_categories: int) -> tuple[str, ...]:
    counts = Counter(value for value in values.tolist() if value is not None)
    ordered = sorted(counts, key=lambda text: (-counts[text], text))
    return tuple(ordered[:max_categories])


def _check_kind(name: str, values: np.ndarray) -> None:
    if values.dtype == object or values.dtype.kind in "fiub":
        return
    raise ContractError(
        f"The feature {name} is {values.dtype}: a feature is a number or a text.",
        where=f"feature {name}",
        next="let features.build turn it into a number (hours, days) or a text",
    )
