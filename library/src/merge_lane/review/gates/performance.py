"""Gates on how well the model predicts: floors, non-inferiority to main, slices, calibration."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from merge_lane.errors import ParamsError
from merge_lane.metrics.table import METRICS
from merge_lane.review.compare import gains
from merge_lane.review.gates.checks import Check, Verdict, judged, off

if TYPE_CHECKING:
    from collections.abc import Iterator

    from merge_lane.metrics.bootstrap import Difference
    from merge_lane.review.compare import Comparison
    from merge_lane.settings.gates import Calibration, Floors, Gates, MetricGate

NO_BASE = "main's model could not be scored"


def performance(found: Comparison, gates: Gates, baselines: dict[str, Any]) -> list[Check]:
    """Judge the comparison. `baselines` holds `metrics.json`, with `rate_table` and `base_rate`."""
    _refuse_unknown(found.task, gates)
    return [
        *_floors(found, gates.floors, baselines),
        *_non_inferiority(found, gates.non_inferiority),
        *_slices(found, gates.slices),
        *_calibration(found, gates.calibration),
    ]


def _refuse_unknown(task: str, gates: Gates) -> None:
    for name in ("floors", "non_inferiority", "slices"):
        gate: MetricGate | None = getattr(gates, name)
        unknown = [] if gate is None else sorted(set(gate.metrics) - set(METRICS[task]))
        if unknown:
            raise ParamsError(
                f"gates.{name} names {', '.join(unknown)}, which is no metric of a {task} task.",
                where=f"params.yaml, gates.{name}.metrics",
                next=f"choose from {', '.join(METRICS[task])}",
            )


def _floors(found: Comparison, gate: Floors | None, baselines: dict[str, Any]) -> Iterator[Check]:
    if gate is None:
        yield off("floors")
        return
    for metric, limit in gate.metrics.items():
        value = found.metrics[metric]["candidate"]
        good = value is not None and METRICS[found.task][metric].gain(limit, value) >= 0
        yield judged("floors", metric, good, f"{_figure(value)}, the limit is {limit:g}")
        for rival in gate.beat:
            yield _beats(found.task, metric, value, rival, baselines)


def _beats(task: str, metric: str, value: float | None, rival: str, baselines: dict[str, Any]) -> Check:
    """Judge against what needs no model; a baseline without a value (AUC of a constant) counts as beaten."""
    other = baselines.get(rival, {}).get(metric, {}).get("value")
    good = value is not None and (other is None or METRICS[task][metric].gain(other, value) > 0)
    return judged("floors", f"{metric} against {rival}", good, f"{_figure(value)}, it has {_figure(other)}")


def _non_inferiority(found: Comparison, gate: MetricGate | None) -> Iterator[Check]:
    if gate is None:
        yield off("non_inferiority")
        return
    if not found.has_base:
        yield off("non_inferiority", NO_BASE)
        return
    for metric, margin in gate.metrics.items():
        yield non_inferior(found.task, metric, found.metrics[metric], margin)


def non_inferior(task: str, metric: str, found: Difference, margin: float) -> Check:
    """Pass only where the whole interval of the gain lies above -margin.

    Where the interval is so wide that an equal model would fail too, the verdict is that of too few rows.
    """
    gain = gains(task, metric, found)
    if gain is None or gain[1] is None or gain[2] is None:
        return Check(
            "non_inferiority", metric, Verdict.UNDECIDED, "the test set has too few days for an interval"
        )
    value, low, high = gain[0], gain[1], gain[2]
    detail = f"gain {value:+.4f} [{low:+.4f}, {high:+.4f}], the margin is {margin:g}"
    if low > -margin:
        return Check("non_inferiority", metric, Verdict.PASS, detail)
    if high >= 0 and (high - low) / 2 >= margin:
        return Check("non_inferiority", metric, Verdict.UNDECIDED, f"{detail}: test set too small to decide")
    return Check("non_inferiority", metric, Verdict.BLOCKED, detail)


def _slices(found: Comparison, gate: MetricGate | None) -> Iterator[Check]:
    if gate is None:
        yield off("slices")
        return
    if not found.has_base:
        yield off("slices", NO_BASE)
        return
    judgeable = [entry for entry in found.slices if entry.metrics]
    failures = [
        ((gains(found.task, metric, entry.metrics[metric]) or (0.0,))[0], f"{entry.title} {metric}", detail)
        for entry in judgeable
        for metric, margin in gate.metrics.items()
        if (detail := ruined(found.task, metric, entry.metrics[metric], margin))
    ]
    for _, subject, detail in sorted(failures):  # the worst first
        yield Check("slices", subject, Verdict.BLOCKED, detail)
    if not failures:
        yield Check("slices", "", Verdict.PASS, f"none of {len(judgeable)} slices is surely worse")


def ruined(task: str, metric: str, found: Difference, margin: float) -> str:
    """Say how a slice is surely worse by more than the margin; nothing where it is not.

    Dozens of slices are looked at, so the whole interval must lie below -margin: a slice that is equal
    trips this about never, one that is only noisy not either.
    """
    gain = gains(task, metric, found)
    if gain is None or gain[2] is None or gain[2] >= -margin:
        return ""
    return f"gain {gain[0]:+.4f} [{_signed(gain[1])}, {_signed(gain[2])}], the margin is {margin:g}"


def _calibration(found: Comparison, gate: Calibration | None) -> Iterator[Check]:
    if gate is None or "ece" not in found.metrics:
        yield off(
            "calibration", "not in params.yaml" if gate is None else "a regression has no probabilities"
        )
        return
    error = found.metrics["ece"]
    value = error["candidate"]
    good = value is not None and value <= gate.max_error
    yield judged("calibration", "error", good, f"{_figure(value)}, the limit is {gate.max_error:g}")
    if error["difference"] is not None:
        good = error["high"] is not None and error["high"] <= gate.max_increase
        text = f"{error['difference']:+.4f} [{_signed(error['low'])}, {_signed(error['high'])}]"
        yield judged("calibration", "increase", good, f"{text}, the limit is {gate.max_increase:g}")


def _figure(value: float | None) -> str:
    return "undefined" if value is None else f"{value:.4f}"


def _signed(value: float | None) -> str:
    return "?" if value is None else f"{value:+.4f}"
