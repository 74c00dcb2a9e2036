"""Verdicts and waivers: a waiver is open, has an owner and an end, and an expired one blocks."""

from datetime import timedelta

import pytest
from pydantic import ValidationError
from review import cases

from merge_lane.review.gates.checks import Check, Verdict, blocking, shortened, waived
from merge_lane.settings.gates import Waiver

BLOCKED = Check("slices", "group=c roc_auc", Verdict.BLOCKED, "worse")


def waiver(gate="slices", days=1):
    return Waiver(
        gate=gate, reason="known, fixed next week", owner="someone", until=str(cases.TODAY + timedelta(days))
    )


@pytest.mark.parametrize("gate", ["slices", "slices:group=c roc_auc"])
def test_a_waiver_opens_its_gate_or_its_check_and_is_shown(gate):
    (check,) = waived([BLOCKED], [waiver(gate)], cases.TODAY)
    assert check.verdict is Verdict.WAIVED
    assert "someone" in check.waiver
    assert blocking([check]) == []


@pytest.mark.parametrize("gate", ["floors", "slices:group=a roc_auc"])
def test_a_waiver_opens_nothing_else(gate):
    assert blocking(waived([BLOCKED], [waiver(gate)], cases.TODAY)) == ["slices"]


def test_a_waiver_holds_on_its_last_day_and_not_after():
    assert blocking(waived([BLOCKED], [waiver(days=0)], cases.TODAY)) == []
    assert blocking(waived([BLOCKED], [waiver(days=-1)], cases.TODAY)) == ["slices", "waivers"]


def test_an_expired_waiver_blocks_even_where_its_gate_passes():
    passing = Check("slices", "", Verdict.PASS, "fine")
    assert blocking(waived([passing], [waiver(days=-1)], cases.TODAY)) == ["waivers"]


@pytest.mark.parametrize("gate", ["pipeline", "waivers"])
def test_what_makes_the_review_honest_cannot_be_waived(gate):
    check = Check(gate, "", Verdict.BLOCKED, "not reproduced")
    assert blocking(waived([check], [waiver(gate)], cases.TODAY)) == [gate]


def test_undecided_blocks_too():
    assert blocking([Check("non_inferiority", "brier", Verdict.UNDECIDED, "too small")]) == [
        "non_inferiority"
    ]


@pytest.mark.parametrize("missing", ["reason", "owner", "until"])
def test_a_waiver_needs_a_reason_an_owner_and_an_end(missing):
    given = {"gate": "slices", "reason": "known", "owner": "someone", "until": "2026-01-01"}
    with pytest.raises(ValidationError, match=missing):
        Waiver.model_validate({name: value for name, value in given.items() if name != missing})


def test_a_bare_date_is_refused_before_dvc_stumbles_over_it():
    given = {"gate": "slices", "reason": "known", "owner": "someone", "until": cases.TODAY}
    with pytest.raises(ValidationError, match="in quotes"):
        Waiver.model_validate(given)


def test_dozens_of_failures_of_one_gate_do_not_bury_the_others():
    many = [Check("slices", str(place), Verdict.BLOCKED, "") for place in range(40)]
    other = Check("latency", "", Verdict.BLOCKED, "")
    assert shortened([*many, other], 3) == [*many[:3], other, "and 37 more of slices (blocked)"]
