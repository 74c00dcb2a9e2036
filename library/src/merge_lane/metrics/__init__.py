"""How good a model is, and how surely: metrics by task, intervals by resampled days, curves."""

from merge_lane.metrics.bootstrap import (
    MIN_BLOCKS,
    Difference,
    Interval,
    Resampling,
    bootstrap_weights,
    day_blocks,
    intervals,
    paired_intervals,
    point,
    row_blocks,
)
from merge_lane.metrics.curves import MAX_POINTS, Curve, curves
from merge_lane.metrics.ranking import DeLong, delong, delong_paired
from merge_lane.metrics.table import METRICS, Metric

__all__ = [
    "MAX_POINTS",
    "METRICS",
    "MIN_BLOCKS",
    "Curve",
    "DeLong",
    "Difference",
    "Interval",
    "Metric",
    "Resampling",
    "bootstrap_weights",
    "curves",
    "day_blocks",
    "delong",
    "delong_paired",
    "intervals",
    "paired_intervals",
    "point",
    "row_blocks",
]
