"""The gate on validation: a month that breaks the contract is blocked."""

from review import cases

from merge_lane.review.gates.validation import validation


def test_broken_month():
    """A month that breaks the contract is blocked, with its findings."""
    broken = {"valid": False, "findings": [{"column": "origin", "check": "isin"}]}
    checks = list(validation({"2013-09": broken, "2013-10": {"valid": True}}))
    assert [(check.name, str(check.verdict)) for check in checks] == [("validation:2013-09", "blocked")]
    assert "origin: isin" in checks[0].detail


def test_months_that_keep_the_contract():
    """They pass."""
    assert cases.verdicts(validation({"2013-09": {"valid": True}})) == {"validation": "pass"}
