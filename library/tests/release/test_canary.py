"""The canary's judgement: when it acts, when it waits, and how often it errs."""

import numpy as np
import pytest

from merge_lane import settings
from merge_lane.release import canary
from merge_lane.release.canary import LATENCY_EDGES, Counts, Observation, Verdict

LIMITS = settings.load("params.yaml").canary


def histogram(seconds):
    places = np.searchsorted(LATENCY_EDGES, seconds)
    return tuple(np.bincount(places, minlength=len(LATENCY_EDGES) + 1).tolist())


def counts(requests=5000, errors=50, *, rejected=0, factor=1.0, shift=0.0, seed=0):
    dice = np.random.default_rng(seed)
    scores = np.clip(dice.beta(2, 5, requests) + shift, 0, 1)
    bins = np.bincount((scores * 19.999).astype(int), minlength=20)
    return Counts(
        requests, errors, rejected, histogram(factor * dice.gamma(4, 0.003, requests)), tuple(bins.tolist())
    )


def verdict(canary_counts, stable=None, seconds=60.0, **words):
    seen = Observation(stable or counts(45000, 450, seed=1), canary_counts, seconds)
    return canary.judge(seen, LIMITS, **words)


def test_equal_versions_are_promoted():
    assert verdict(counts()).verdict is Verdict.PROMOTE


@pytest.mark.parametrize(
    ("bad", "criterion"),
    [
        (counts(errors=110), "errors"),
        (counts(rejected=12), "rejected"),
        (counts(factor=3.0), "p50"),
        (counts(shift=0.15), "predictions"),
    ],
)
def test_each_criterion_rolls_back_by_itself(bad, criterion):
    judgement = verdict(bad)
    assert judgement.verdict is Verdict.ROLL_BACK
    assert criterion in [finding.criterion for finding in judgement.findings if finding.bad]
    assert criterion in judgement.reason


def test_slow_tail_alone_rolls_back():
    """Two in a hundred take ten times as long; the median does not move."""
    slow = counts()
    tail = np.array(slow.latency) + np.array(histogram(np.full(150, 0.4)))
    judgement = verdict(Counts(slow.requests, slow.errors, 0, tuple(tail.tolist()), slow.predictions))
    assert [finding.criterion for finding in judgement.findings if finding.bad] == ["p99"]


def test_canary_with_fewer_errors_is_promoted():
    assert verdict(counts(errors=0)).verdict is Verdict.PROMOTE


def test_before_the_sample_is_whole_nothing_is_promoted():
    assert verdict(counts(1000, 10)).verdict is Verdict.WAIT


def test_clear_damage_rolls_back_long_before_the_sample_is_whole():
    assert verdict(counts(60, 30), counts(540, 5)).verdict is Verdict.ROLL_BACK


def test_past_the_limit_it_is_inconclusive_and_the_extension_doubles_the_limit():
    small = counts(1000, 10)
    assert verdict(small, seconds=LIMITS.max_seconds).verdict is Verdict.INCONCLUSIVE
    assert verdict(small, seconds=LIMITS.max_seconds, extended=True).verdict is Verdict.WAIT
    assert verdict(small, seconds=2 * LIMITS.max_seconds, extended=True).verdict is Verdict.INCONCLUSIVE


@pytest.mark.parametrize("missing", [{"predictions": ()}, {"latency": (0,) * (len(LATENCY_EDGES) + 1)}])
def test_missing_data_never_promote(missing):
    whole = counts()
    partial = Counts(**{**vars(whole), **missing})
    assert verdict(partial).verdict is Verdict.WAIT
    assert verdict(partial, seconds=1e6, extended=True).verdict is Verdict.INCONCLUSIVE


def test_unknown_counts_never_promote():
    assert canary.judge(Observation(None, counts(), 1e6), LIMITS).verdict is Verdict.INCONCLUSIVE
    assert canary.judge(Observation(counts(), None, 1.0), LIMITS).verdict is Verdict.WAIT


def test_incident_behind_both_versions_does_not_blame_the_canary():
    assert verdict(counts(errors=2500), counts(45000, 22500)).verdict is Verdict.PROMOTE


def looks(rate_stable, rate_canary, runs, every=20):
    """Return the greatest evidence of each run, looking after every 20 requests of the canary."""
    dice = np.random.default_rng(2013)
    steps = LIMITS.min_requests // every
    others = round(every * (1 - LIMITS.share) / LIMITS.share)
    bad_canary = dice.binomial(every, rate_canary, (runs, steps)).cumsum(axis=1)
    bad_stable = dice.binomial(others, rate_stable, (runs, steps)).cumsum(axis=1)
    shares = np.full(bad_canary.shape, LIMITS.share)
    return canary.excess_evidence(bad_stable, bad_canary, shares).max(axis=1)


@pytest.mark.parametrize("rate", [0.0005, 0.01, 0.2])
def test_looking_200_times_rolls_back_equal_versions_at_most_once_in_100(rate):
    assert (looks(rate, rate, 4000) >= 1 / LIMITS.error_alpha).mean() <= 0.01


def test_errors_that_double_from_one_to_two_percent_are_caught_85_times_in_100():
    assert (looks(0.01, 0.02, 2000) >= 1 / LIMITS.error_alpha).mean() >= 0.85


def full_runs(runs, shift=0.0):
    """Judge whole canaries of the default sample, ten looks each; return how many were rolled back."""
    lost = 0
    for seed in range(runs):
        for share in np.linspace(0.1, 1, 10):
            n = int(LIMITS.min_requests * share)
            new, old = (
                counts(n, n // 100, shift=shift, seed=2 * seed),
                counts(9 * n, 9 * n // 100, seed=2 * seed + 1),
            )
            if verdict(new, old).verdict is Verdict.ROLL_BACK:
                lost += 1
                break
    return lost


def test_all_criteria_together_hardly_ever_roll_back_an_equal_version():
    """30 whole canaries with latencies and predictions of one law: none is lost."""
    assert full_runs(30) == 0


def test_latency_evidence_errs_at_most_as_often_as_it_says():
    """A canary exactly at the limit of p99, looked at 100 times."""
    dice = np.random.default_rng(5)
    above = dice.binomial(40, 0.01, (2000, 100)).cumsum(axis=1)
    total = np.broadcast_to(np.arange(1, 101) * 40, above.shape)
    greatest = canary.above_evidence(above, total, 0.01).max(axis=1)
    assert (greatest >= 1 / 0.05).mean() <= 0.05


def test_false_alarms_allowed_add_up_to_less_than_one_in_100():
    assert LIMITS.error_alpha + LIMITS.rejected_alpha + 2 * LIMITS.latency_alpha + 0.001 <= 0.01


def test_quantile_of_the_histogram_is_within_a_bin_of_the_exact_one():
    seconds = np.random.default_rng(4).gamma(4, 0.003, 20000)
    for level in (0.5, 0.99):
        assert canary.quantile(histogram(seconds), level) == pytest.approx(
            np.quantile(seconds, level), rel=0.075
        )
