"""What Prometheus reads is there from the start and counts what happened."""

import numpy as np
import toy
from prometheus_client.parser import text_string_to_metric_families

from merge_lane.model import bundle
from merge_lane.production.serve.metrics import CODES, Metrics


def samples(metrics):
    families = text_string_to_metric_families(metrics.text().decode())
    return {(s.name, *s.labels.values()): s.value for family in families for s in family.samples}


def test_statuses(toy_bundle):
    """Every status has a counter at zero before the first request."""
    found = samples(Metrics(toy_bundle))
    counts = {code: found["merge_lane_requests_total", str(code)] for code in CODES}
    assert counts == dict.fromkeys(CODES, 0.0)
    assert found["merge_lane_prediction_count",] == 0.0
    assert found["merge_lane_model", toy_bundle.hash, "binary"] == 1.0


def test_counters(toy_bundle):
    """Answers, rows and predictions are counted."""
    metrics = Metrics(toy_bundle)
    metrics.answered(200, 0.004)
    metrics.answered(422, 0.2)
    metrics.scored(np.array([0.0, 0.12, 0.97, 1.0]))
    found = samples(metrics)
    assert [found["merge_lane_requests_total", code] for code in ("200", "422")] == [
        1.0,
        1.0,
    ]
    assert found["merge_lane_request_seconds_bucket", "0.005"] == 1.0
    assert found["merge_lane_rows_total",] == 4.0
    assert found["merge_lane_prediction_count",] == 4.0
    assert found["merge_lane_prediction_bucket", "0.5"] == 2.0
    assert found["merge_lane_prediction_bucket", "1.0"] == 4.0
    assert found["merge_lane_prediction_sum",] == 2.09


def test_classes(tmp_path):
    """A multiclass model counts its classes."""
    toy.export(tmp_path / "models", "multiclass")
    metrics = Metrics(bundle.load(tmp_path / "models", build=toy.build))
    metrics.scored(np.array([[0.1, 0.2, 0.7], [0.2, 0.1, 0.7], [0.8, 0.1, 0.1]]))
    found = samples(metrics)
    names = ("low", "middle", "high")
    assert [found["merge_lane_predicted_total", name] for name in names] == [
        1.0,
        0.0,
        2.0,
    ]


def test_beyond_training(tmp_path):
    """A regression counts values beyond the range of training."""
    toy.export(tmp_path / "models", "regression")
    metrics = Metrics(bundle.load(tmp_path / "models", build=toy.build))
    metrics.scored(np.array([-1e9, 1e9]))
    assert samples(metrics)["merge_lane_prediction_count",] == 2.0
