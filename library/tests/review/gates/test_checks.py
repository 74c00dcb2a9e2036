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
def test_waiver(gate):
    """A waiver opens its gate or its check, and is printed."""
    (check,) = waived([BLOCKED], [waiver(gate)], cases.TODAY)
    assert check.verdict is Verdict.WAIVED
    assert "someone" in check.waiver
    assert blocking([check]) == []


@pytest.mark.parametrize("gate", ["floors", "slices:group=a roc_auc"])
def test_waiver_of_another_gate(gate):
    """A waiver opens nothing else."""
    assert blocking(waived([BLOCKED], [waiver(gate)], cases.TODAY)) == ["slices"]


def test_last_day():
    """A waiver holds on its last day and not after."""
    assert blocking(waived([BLOCKED], [waiver(days=0)], cases.TODAY)) == []
    assert blocking(waived([BLOCKED], [waiver(days=-1)], cases.TODAY)) == ["slices", "waivers"]


def test_expired_waiver():
    """An expired waiver blocks even where its gate passes."""
    passing = Check("slices", "", Verdict.PASS, "fine")
    assert blocking(waived([passing], [waiver(days=-1)], cases.TODAY)) == ["waivers"]


@pytest.mark.parametrize("gate", ["pipeline", "waivers"])
def test_unwaivable(gate):
    """The pipeline and expired waivers cannot be waived."""
    check = Check(gate, "", Verdict.BLOCKED, "not reproduced")
    assert blocking(waived([check], [waiver(gate)], cases.TODAY)) == [gate]


def test_undecided():
    """Undecided blocks too."""
    assert blocking([Check("non_inferiority", "brier", Verdict.UNDECIDED, "too small")]) == [
        "non_inferiority"
    ]


@pytest.mark.parametrize("missing", ["reason", "owner", "until"])
def test_incomplete_waiver(missing):
    """A waiver needs a reason an owner and an end."""
    given = {"gate": "slices", "reason": "known", "owner": "someone", "until": "2026-01-01"}
    with pytest.raises(ValidationError, match=missing):
        Waiver.model_validate({name: value for name, value in given.items() if name != missing})


def test_bare_date():
    """A date without quotes is refused, because DVC cannot read it."""
    given = {"gate": "slices", "reason": "known", "owner": "someone", "until": cases.TODAY}
    with pytest.raises(ValidationError, match="in quotes"):
        Waiver.model_validate(given)


def test_shortened():
    """Dozens of failures of one gate do not bury the others."""
    many = [Check("slices", str(place), Verdict.BLOCKED, "") for place in range(40)]
    other = Check("latency", "", Verdict.BLOCKED, "")
    assert shortened([*many, other], 3) == [*many[:3], other, "and 37 more of slices (blocked)"]
