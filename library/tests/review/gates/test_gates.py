"""The registry of gates: every gate of params.yaml has a judge, and an added judge is asked."""

from pathlib import Path

from review import cases

from merge_lane.errors import ContractError, LeakError
from merge_lane.repository.revision import Base
from merge_lane.review import gates
from merge_lane.review.evidence import Evidence
from merge_lane.review.gates.checks import Check, Verdict
from merge_lane.settings.gates import Gates

ALWAYS_ON = {"pipeline", "validation"}


def evidence(root, **known):
    """Return evidence with nothing but a revision and what is known."""
    return Evidence(cases.settings(), Base("f" * 40, Path(root)), **known)


def verdicts(root, **known):
    return cases.verdicts(gates.judge(evidence(root, **known)))


def test_every_gate_has_a_judge():
    """No gate can be declared in params.yaml that nobody judges."""
    assert set(gates.GATES) == (set(Gates.model_fields) - {"waivers"}) | ALWAYS_ON


def test_own_gate(tmp_path, monkeypatch):
    """A judge that is added to the dict is asked, and what it blocks stops the merge."""
    checks = [Check("fairness", "", Verdict.BLOCKED, "a test")]
    monkeypatch.setitem(gates.GATES, "fairness", lambda _: checks)
    assert gates.judge(evidence(tmp_path))[-1:] == checks


def test_stale_pipeline(tmp_path):
    """Outputs of another work tree are blocked, and no gate on the model passes."""
    result = verdicts(tmp_path, stale=["train"])
    assert result["pipeline"] == "blocked"
    assert not {name for name in result if name.startswith(("floors", "size", "latency", "behaviour"))}


def test_fresh_pipeline(tmp_path):
    """Outputs of this work tree pass."""
    assert verdicts(tmp_path)["pipeline"] == "pass"


def test_broken_contract(tmp_path):
    """A contract that cannot be read is blocked by the gate on compatibility; others are off."""
    result = verdicts(tmp_path, refusal=ContractError("no label", next="name one"))
    assert result["compatibility:contract.py"] == "blocked"
    assert (result["shift"], result["leakage"]) == ("off", "off")


def test_leak_in_the_contract(tmp_path):
    """A feature that is known too late is blocked by the gate on leakage."""
    result = verdicts(tmp_path, refusal=LeakError("it is late", next="forbid it"))
    assert result["leakage:contract.py"] == "blocked"
    assert "compatibility:contract.py" not in result
