"""Metrics of the API in Prometheus's format. Every label exists from the start, at zero.

A counter that appears with its first error has no earlier value to rise from: alerts on its rate are blind.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector, generate_latest
from prometheus_client.core import CounterMetricFamily, HistogramMetricFamily

from merge_lane.metrics.drift import prediction_bins

if TYPE_CHECKING:
    from collections.abc import Iterator

    from prometheus_client.core import Metric

    from merge_lane.model.bundle import Bundle

CODES = (200, 400, 405, 408, 413, 422, 500, 503)
"""Every status that POST /predict answers with."""

SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5)


class Metrics:
    """The counters of one server; each server has its own registry."""

    def __init__(self, bundle: Bundle) -> None:
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        requests = Counter(
            "merge_lane_requests",
            "Requests to POST /predict",
            ["code"],
            registry=self.registry,
        )
        self._requests = {code: requests.labels(code=str(code)) for code in CODES}
        self._seconds = Histogram(
            "merge_lane_request_seconds",
            "Time to answer POST /predict",
            registry=self.registry,
            buckets=SECONDS,
        )
        self._rows = Counter("merge_lane_rows", "Rows scored", registry=self.registry)
        model = Gauge(
            "merge_lane_model",
            "The model that is served",
            ["model", "task"],
            registry=self.registry,
        )
        model.labels(model=bundle.hash, task=bundle.task).set(1)
        self._predictions = Predictions(bundle)
        self.registry.register(self._predictions)

    def answered(self, code: int, seconds: float) -> None:
        """Count one answer."""
        self._requests[code].inc()
        self._seconds.observe(seconds)

    def scored(self, scores: np.ndarray) -> None:
        """Count the rows and their predictions."""
        self._rows.inc(len(scores))
        self._predictions.add(scores)

    def text(self) -> bytes:
        """Return what Prometheus scrapes."""
        return generate_latest(self.registry)


class Predictions:
    """The distribution of predictions: a histogram of the scores, or a count of each class.

    The bins are those of `metrics.drift`, as for the reference profile, the canary and the monitor.
    """

    def __init__(self, bundle: Bundle) -> None:
        self._classes = bundle.classes if bundle.task == "multiclass" else None
        self._bins = prediction_bins(bundle.reference)
        self._counts = np.zeros(len(self._classes or self._bins), dtype=np.int64)
        self._sum = 0.0

    def add(self, scores: np.ndarray) -> None:
        """Count scores of shape (n,), or (n, classes)."""
        if self._classes is None:
            self._sum += float(scores.sum())
            self._counts += self._bins.count(scores)
        else:
            self._counts += np.bincount(scores.argmax(axis=1), minlength=len(self._counts))

    def collect(self) -> Iterator[Metric]:
        """Yield the one metric family, as prometheus-client asks for it."""
        yield self._histogram() if self._classes is None else self._by_class(self._classes)

    def _histogram(self) -> Metric:
        bounds = [*(repr(limit) for limit in self._bins.limits), "+Inf"]
        cumulated = [float(count) for count in np.cumsum(self._counts)]
        family = HistogramMetricFamily("merge_lane_prediction", "Predictions")
        family.add_metric([], list(zip(bounds, cumulated, strict=True)), self._sum)
        return family

    def _by_class(self, classes: list[str]) -> Metric:
        counter = CounterMetricFamily("merge_lane_predicted", "Rows by predicted class", labels=["class"])
        for name, count in zip(classes, self._counts, strict=True):
            counter.add_metric([name], float(count))
        return counter
