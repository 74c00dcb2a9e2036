"""What the router counts of each version; the canary is judged by it."""

from __future__ import annotations

import json
from bisect import bisect_left
from dataclasses import InitVar, dataclass, field
from typing import TYPE_CHECKING, Any

from merge_lane.metrics.drift import Bins, prediction_bins
from merge_lane.release.canary import LATENCY_EDGES, Counts
from merge_lane.system.files import read_json

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

EDGES = [float(edge) for edge in LATENCY_EDGES]
MAX_PARSED = 256 * 1024  # bytes; a larger answer is passed on but its predictions are not counted

DEFAULT_EDGES = prediction_bins({}).to_json()


def edges_of(models: Path) -> list[float] | list[str]:
    """Return the bins of a bundle's predictions as plain values: limits, or names of classes."""
    path = models / "reference.json"
    return prediction_bins(read_json(path) if path.is_file() else {}).to_json()


@dataclass
class Tally:
    """Counters of one version. `edges` are the bins of predictions, as `edges_of` returns them."""

    edges: InitVar[Sequence[float] | Sequence[str]]
    requests: int = 0
    errors: int = 0
    rejected: int = 0
    latency: list[int] = field(default_factory=lambda: [0] * (len(EDGES) + 1))
    predictions: list[int] = field(default_factory=list)

    def __post_init__(self, edges: Sequence[float] | Sequence[str]) -> None:
        self._bins = Bins.from_json(edges)

    def count(self, status: int, seconds: float, body: bytes) -> None:
        """Count one answered request."""
        self.requests += 1
        self.latency[bisect_left(EDGES, seconds)] += 1
        if status >= 500:  # noqa: PLR2004 - the server's fault
            self.errors += 1
        elif status >= 400:  # noqa: PLR2004 - refused
            self.rejected += 1
        elif len(body) <= MAX_PARSED:
            self._predictions(body)

    def fail(self) -> None:
        """Count one request that this version did not answer at all."""
        self.requests += 1
        self.errors += 1

    def _predictions(self, body: bytes) -> None:
        self.predictions = self.predictions or [0] * len(self._bins)
        for value in predictions_in(body):
            self.predictions[self._bins.index(value)] += 1

    def as_json(self) -> dict[str, Any]:
        """Return plain values; `read` is its inverse."""
        return {
            name: getattr(self, name) for name in ("requests", "errors", "rejected", "latency", "predictions")
        }


def read(tree: dict[str, Any]) -> Counts:
    """Return the counts in `tree`."""
    return Counts(
        tree["requests"], tree["errors"], tree["rejected"], tuple(tree["latency"]), tuple(tree["predictions"])
    )


def predictions_in(body: bytes) -> Iterator[float | str]:
    """Yield the predictions in a JSON answer; nothing where there are none."""
    try:
        tree = json.loads(body)
    except ValueError:  # not JSON: the judge sees that predictions are missing, and never promotes on that
        return
    items = tree.get("predictions") if isinstance(tree, dict) else None
    for item in items if isinstance(items, list) else ():
        yield from _prediction(item)


def _prediction(item: Any) -> Iterator[float | str]:
    """Yield one row's prediction; of the probabilities of all classes, the class that leads."""
    if isinstance(item, dict) and item and all(isinstance(part, int | float) for part in item.values()):
        yield max(item, key=item.__getitem__)
    elif isinstance(item, int | float | str):
        yield item
