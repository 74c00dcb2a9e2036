"""The gate on compatibility: a breaking change is blocked and named."""

from review import cases

from merge_lane.review import changes
from merge_lane.review.gates.compatibility import compatibility
from merge_lane.settings.gates import Gate

GATE = Gate(reason="a test")
BOTH, ONE = cases.schema(cases.column("seats"), cases.column("x")), cases.schema(cases.column("x"))


def judged(contract):
    return cases.verdicts(compatibility(contract, GATE))


def test_removed_column():
    """A column that callers send and that was removed is blocked by its name."""
    assert judged(changes.contract(BOTH, ONE)) == {"compatibility:seats": "blocked"}


def test_unchanged_contract():
    """It passes."""
    assert judged(changes.contract(ONE, ONE)) == {"compatibility": "pass"}


def test_no_contract_on_main():
    """Without anything to compare with, the gate is off."""
    assert judged(None) == {"compatibility": "off"}
