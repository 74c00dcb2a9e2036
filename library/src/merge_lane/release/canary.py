"""The canary's judgement: errors, refusals, latency and predictions against those of the stable version.

All tests are *anytime-valid*: looking after every request costs no false alarm (Ville's inequality), whereas
looking repeatedly at a test made for one look rolls back equal versions more than one time in five.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any

import numpy as np

from merge_lane.metrics.drift import population_stability

if TYPE_CHECKING:
    from merge_lane.settings import Canary

RATIOS = np.array([1.5, 2.0, 3.0, 5.0, 10.0, 30.0])
"""How many times worse the mixture's equally weighted alternatives are; 30 lets a dead canary stand out."""

LATENCY_EDGES = np.geomspace(0.0001, 60.0, 193)
"""Seconds; neighbouring edges differ by 7%, far below any ratio worth acting on."""


class Verdict(StrEnum):
    """What to do now."""

    WAIT = "wait"
    PROMOTE = "promote"
    ROLL_BACK = "roll back"
    INCONCLUSIVE = "inconclusive"


@dataclass(frozen=True)
class Counts:
    """One version's requests, errors (5xx, no answer), refusals (4xx), latencies and predictions by bin."""

    requests: int = 0
    errors: int = 0
    rejected: int = 0
    latency: tuple[int, ...] = (0,) * (len(LATENCY_EDGES) + 1)
    predictions: tuple[int, ...] = ()


@dataclass(frozen=True)
class Observation:
    """Stable and canary since the canary got traffic, and for how many seconds. None: nothing is known."""

    stable: Counts | None
    canary: Counts | None
    seconds: float


@dataclass(frozen=True)
class Finding:
    """One criterion: `bad` True, False, or None where the data do not say; with its numbers."""

    criterion: str
    bad: bool | None
    said: str
    numbers: dict[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Judgement:
    """The verdict and what it rests on."""

    verdict: Verdict
    findings: tuple[Finding, ...]

    @property
    def reason(self) -> str:
        """Return the sentences that decided."""
        decisive = {Verdict.ROLL_BACK: True, Verdict.PROMOTE: False}.get(self.verdict)
        return "; ".join(finding.said for finding in self.findings if finding.bad is decisive)

    def as_json(self) -> dict[str, Any]:
        """Return plain values for the record."""
        return {"verdict": str(self.verdict), "findings": [asdict(finding) for finding in self.findings]}


def judge(seen: Observation, limits: Canary, *, extended: bool = False) -> Judgement:
    """Return the judgement of what was seen. A criterion without data never lets a canary through.

    Any bad criterion rolls back at once. Promotion needs the whole sample and every criterion good.
    Past the time limit without either the verdict is inconclusive; `extended` doubles the limit.
    """
    findings = _findings(seen, limits)
    if any(finding.bad for finding in findings):
        verdict = Verdict.ROLL_BACK
    elif all(finding.bad is False for finding in findings) and seen.seconds >= limits.min_seconds:
        verdict = Verdict.PROMOTE
    elif seen.seconds >= limits.max_seconds * (2 if extended else 1):
        verdict = Verdict.INCONCLUSIVE
    else:
        verdict = Verdict.WAIT
    return Judgement(verdict, findings)


@dataclass(frozen=True)
class _Pair:
    """Both versions, and by what they are judged."""

    stable: Counts
    canary: Counts
    limits: Canary


def _findings(seen: Observation, limits: Canary) -> tuple[Finding, ...]:
    if seen.stable is None or seen.canary is None:
        return (Finding("sample", None, "no counts of one of the two versions"),)
    pair = _Pair(seen.stable, seen.canary, limits)
    return (
        _sample(pair),
        _proportion("errors", pair, limits.error_alpha),
        _proportion("rejected", pair, limits.rejected_alpha),
        _latency("p50", 0.50, limits.p50_ratio, pair),
        _latency("p99", 0.99, limits.p99_ratio, pair),
        _predictions(pair),
    )


def _sample(pair: _Pair) -> Finding:
    wanted, counted = pair.limits.min_requests, (pair.canary.requests, pair.stable.requests)
    said = f"{counted[0]} canary and {counted[1]} stable requests of {wanted} each"
    return Finding("sample", None if min(counted) < wanted else False, said, {"requests": min(counted)})


def _proportion(name: str, pair: _Pair, alpha: float) -> Finding:
    """Compare how often an event happened; `name` is that of its counter."""
    n_stable, n_canary = pair.stable.requests, pair.canary.requests
    if not n_stable or not n_canary:
        return Finding(name, None, f"{name}: no requests")
    stable, canary = getattr(pair.stable, name), getattr(pair.canary, name)
    share = n_canary / (n_canary + n_stable)
    evidence = float(excess_evidence(np.array(stable), np.array(canary), np.array(share)))
    rates = {"canary": canary / n_canary, "stable": stable / n_stable}
    said = f"{name} {rates['canary']:.2%} against {rates['stable']:.2%}"
    said += f" (evidence {evidence:.3g}, acts at {1 / alpha:.0f})"
    return Finding(name, evidence >= 1 / alpha, said, {**rates, "evidence": evidence, "limit": 1 / alpha})


def excess_evidence(k_stable: np.ndarray, k_canary: np.ndarray, share: np.ndarray) -> np.ndarray:
    """Return the evidence that events hit the canary beyond its share of requests; at 1/alpha, act.

    Requests are assigned at random, so with equal rates every event (an error, say) is the canary's with
    probability `share`, however the common rate moves in time: an incident behind both versions cancels out.
    The evidence is a mixture likelihood ratio over rate ratios above one, a supermartingale of mean at most 1
    when the canary is no worse, so that it *ever* reaches 1/alpha with probability at most alpha.

    Source: the mixture sequential probability ratio test (Robbins, Annals of Mathematical Statistics 41,
    1970) on counts given their total as in Lindon and Malek, "Anytime-valid inference for multinomial count
    data" (NeurIPS 2022), here with a discrete one-sided mixture. Works on arrays of one shape.
    """
    share = np.clip(share, 1e-9, 1 - 1e-9)[..., None]
    worse = share * RATIOS / (share * RATIOS + 1 - share)
    log_ratio = k_canary[..., None] * np.log(worse / share) + k_stable[..., None] * np.log(
        (1 - worse) / (1 - share)
    )
    return _mean_of_exp(log_ratio)


def _mean_of_exp(logs: np.ndarray) -> np.ndarray:
    """Return mean(exp(logs)) over the last axis without overflow on the way (capped at exp(690))."""
    top = logs.max(axis=-1)
    mean = top + np.log(np.exp(logs - top[..., None]).mean(axis=-1))
    return np.asarray(np.exp(np.minimum(mean, 690.0)))


def above_evidence(above: np.ndarray, total: np.ndarray, share: float) -> np.ndarray:
    """Return the evidence that more than `share` of all values lie above a fixed limit; one sample.

    For quantiles: "the canary's p99 is above L" is "more than 1% of its latencies are above L"
    (Howard and Ramdas, "Sequential estimation of quantiles", Bernoulli 28, 2022).
    """
    odds = share / (1 - share) * RATIOS
    worse = odds / (1 + odds)
    over, under = np.log(worse / share), np.log((1 - worse) / (1 - share))
    return _mean_of_exp(above[..., None] * over + (total - above)[..., None] * under)


def _latency(name: str, level: float, ratio: float, pair: _Pair) -> Finding:
    """Compare a quantile of the canary's latency with `ratio` times stable's, plus a slack for jitter."""
    stable, canary, limits = pair.stable.latency, pair.canary.latency, pair.limits
    if min(sum(stable), sum(canary)) < limits.min_latencies:
        return Finding(name, None, f"{name}: fewer than {limits.min_latencies} latencies")
    base, now = quantile(stable, level), quantile(canary, level)
    limit = base * ratio + limits.latency_slack_ms / 1000
    above = sum(count for edge, count in zip(LATENCY_EDGES, canary[1:], strict=True) if edge >= limit)
    evidence = float(above_evidence(np.array(above), np.array(sum(canary)), 1 - level))
    said = f"{name} {1000 * now:.1f} ms against {1000 * base:.1f} ms (limit {1000 * limit:.1f} ms)"
    numbers = {"canary_s": now, "stable_s": base, "limit_s": limit, "evidence": evidence}
    return Finding(name, evidence >= 1 / limits.latency_alpha, said, numbers)


def quantile(histogram: tuple[int, ...], level: float) -> float:
    """Return a quantile in seconds from counts by LATENCY_EDGES: the upper edge of the bin that holds it."""
    reached = np.cumsum(histogram)
    index = int(np.searchsorted(reached, level * reached[-1]))
    return float(LATENCY_EDGES[min(index, len(LATENCY_EDGES) - 1)])


def _predictions(pair: _Pair) -> Finding:
    stable, canary, limits = pair.stable.predictions, pair.canary.predictions, pair.limits
    if min(sum(stable), sum(canary)) < limits.min_predictions:
        return Finding("predictions", None, f"predictions: fewer than {limits.min_predictions} seen")
    index, noise = population_stability(stable, canary)
    limit = max(limits.max_prediction_psi, noise)
    said = f"predictions: PSI {index:.3f} (limit {limit:.3f})"
    return Finding("predictions", index > limit, said, {"psi": index, "limit": limit})
