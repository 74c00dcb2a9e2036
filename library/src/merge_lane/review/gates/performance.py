"""Gates on how well the model predicts: floors, non-inferiority to main, slices, calibration."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from merge_lane.errors import ParamsError
from merge_lane.metrics.table import METRICS
from merge_lane.metrics.text import interval, number
from merge_lane.review.compare import gains
from merge_lane.review.gates.checks import Check, Verdict, judged, off

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from merge_lane.metrics.bootstrap import Difference
    from merge_lane.review.compare import Comparison
    from merge_lane.review.evidence import Evidence
    from merge_lane.settings.gates import Calibration, Floors, MetricGate

NO_BASE = "main's model could not be scored"
SIGNED = "+.4f"


def judge_floors(evidence: Evidence) -> Iterable[Check]:
    """Judge the metrics by their limits and against the baselines, where there is a candidate."""
    comparison, gate = evidence.comparison, evidence.settings.gates.floors
    return [] if comparison is None else floors(comparison, gate, evidence.metrics)


def judge_non_inferiority(evidence: Evidence) -> Iterable[Check]:
    """Judge the metrics against main's, where there is a candidate."""
    comparison, gate = evidence.comparison, evidence.settings.gates.non_inferiority
    return [] if comparison is None else non_inferiority(comparison, gate)


def judge_slices(evidence: Evidence) -> Iterable[Check]:
    """Judge the groups of rows, where there is a candidate."""
    comparison, gate = evidence.comparison, evidence.settings.gates.slices
    return [] if comparison is None else slices(comparison, gate)


def judge_calibration(evidence: Evidence) -> Iterable[Check]:
    """Judge the calibration error, where there is a candidate."""
    comparison, gate = evidence.comparison, evidence.settings.gates.calibration
    return [] if comparison is None else calibration(comparison, gate)


def _refuse_unknown(name: str, task: str, gate: MetricGate) -> None:
    unknown = sorted(set(gate.metrics) - set(METRICS[task]))
    if unknown:
        raise ParamsError(
            f"gates.{name} names {', '.join(unknown)}, which is no metric of a {task} task.",
            where=f"params.yaml, gates.{name}.metrics",
            next=f"choose from {', '.join(METRICS[task])}",
        )


def floors(comparison: Comparison, gate: Floors | None, baselines: dict[str, Any]) -> Iterator[Check]:
    """Block each metric beyond its limit or not better than a baseline.

    `baselines` holds `metrics.json`, with `rate_table` and `base_rate`.
    """
    if gate is None:
        yield off("floors")
        return
    _refuse_unknown("floors", comparison.task, gate)
    for metric, limit in gate.metrics.items():
        value = comparison.metrics[metric]["candidate"]
        good = value is not None and METRICS[comparison.task][metric].gain(limit, value) >= 0
        yield judged("floors", metric, good, f"{_value(value)}, the limit is {limit:g}")
        for rival in gate.beat:
            yield _beats(comparison.task, metric, value, rival, baselines)


def _beats(task: str, metric: str, value: float | None, rival: str, baselines: dict[str, Any]) -> Check:
    """Judge against what needs no model; a baseline without a value (AUC of a constant) counts as beaten."""
    other = baselines.get(rival, {}).get(metric, {}).get("value")
    good = value is not None and (other is None or METRICS[task][metric].gain(other, value) > 0)
    return judged(
        "floors",
        f"{metric} against {rival}",
        good,
        f"{_value(value)}, it has {_value(other)}",
    )


def non_inferiority(comparison: Comparison, gate: MetricGate | None) -> Iterator[Check]:
    """Block each metric that is not surely better than main's minus the margin."""
    if gate is None:
        yield off("non_inferiority")
        return
    _refuse_unknown("non_inferiority", comparison.task, gate)
    if not comparison.has_base:
        yield off("non_inferiority", NO_BASE)
        return
    for metric, margin in gate.metrics.items():
        yield non_inferior(comparison.task, metric, comparison.metrics[metric], margin)


def non_inferior(task: str, metric: str, measured: Difference, margin: float) -> Check:
    """Pass only where the whole interval of the gain lies above -margin.

    Where the interval is so wide that an equal model would fail too, the verdict is that of too few rows.
    """
    gain = gains(task, metric, measured)
    if gain is None or gain[1] is None or gain[2] is None:
        return Check(
            "non_inferiority", metric, Verdict.UNDECIDED, "the test set has too few days for an interval"
        )
    value, low, high = gain[0], gain[1], gain[2]
    detail = f"gain {number(value, SIGNED)} {interval(low, high, SIGNED)}, the margin is {margin:g}"
    if low > -margin:
        return Check("non_inferiority", metric, Verdict.PASS, detail)
    if high >= 0 and (high - low) / 2 >= margin:
        return Check("non_inferiority", metric, Verdict.UNDECIDED, f"{detail}: test set too small to decide")
    return Check("non_inferiority", metric, Verdict.BLOCKED, detail)


def slices(comparison: Comparison, gate: MetricGate | None) -> Iterator[Check]:
    """Block each group that is surely worse than main's by more than the margin, the worst first."""
    if gate is None:
        yield off("slices")
        return
    _refuse_unknown("slices", comparison.task, gate)
    if not comparison.has_base:
        yield off("slices", NO_BASE)
        return
    judgeable = [group for group in comparison.slices if group.metrics]
    failures = [
        (
            (gains(comparison.task, metric, group.metrics[metric]) or (0.0,))[0],
            f"{group.title} {metric}",
            text,
        )
        for group in judgeable
        for metric, margin in gate.metrics.items()
        if (text := ruined(comparison.task, metric, group.metrics[metric], margin))
    ]
    for _, subject, detail in sorted(failures):
        yield Check("slices", subject, Verdict.BLOCKED, detail)
    if not failures:
        yield Check("slices", "", Verdict.PASS, f"none of {len(judgeable)} slices is surely worse")


def ruined(task: str, metric: str, measured: Difference, margin: float) -> str:
    """Return how a slice is surely worse by more than the margin; an empty text where it is not.

    Dozens of slices are looked at, so the whole interval must lie below -margin: an unchanged or merely
    noisy slice almost never trips this.
    """
    gain = gains(task, metric, measured)
    if gain is None or gain[2] is None or gain[2] >= -margin:
        return ""
    return f"gain {number(gain[0], SIGNED)} {interval(gain[1], gain[2], SIGNED)}, the margin is {margin:g}"


def calibration(comparison: Comparison, gate: Calibration | None) -> Iterator[Check]:
    """Block too large a calibration error, or too large an increase over main's."""
    if gate is None or "ece" not in comparison.metrics:
        yield off(
            "calibration", "not in params.yaml" if gate is None else "a regression has no probabilities"
        )
        return
    error = comparison.metrics["ece"]
    value = error["candidate"]
    good = value is not None and value <= gate.max_error
    yield judged("calibration", "error", good, f"{_value(value)}, the limit is {gate.max_error:g}")
    if error["difference"] is not None:
        good = error["high"] is not None and error["high"] <= gate.max_increase
        ends = interval(error["low"], error["high"], SIGNED, missing="without an interval")
        text = f"{number(error['difference'], SIGNED)} {ends}"
        yield judged("calibration", "increase", good, f"{text}, the limit is {gate.max_increase:g}")


def _value(value: float | None) -> str:
    return number(value, missing="undefined")
