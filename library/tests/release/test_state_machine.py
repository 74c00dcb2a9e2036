"""Each step of a deployment on a target in memory: what it calls, what it records, what a failure undoes."""

import pytest
from release.memory import MemoryTarget
from release.rig import LIMITS
from release.test_state import RELEASE

from merge_lane.errors import BusyError, ChainError, DeployError, InconclusiveError, RolledBackError
from merge_lane.release import state
from merge_lane.release.canary import Counts, Observation
from merge_lane.release.record import Record
from merge_lane.release.state import Step
from merge_lane.release.state_machine import Machine

STABLE = RELEASE.model_copy(update={"model": "a" * 64})
OTHER = RELEASE.model_copy(update={"model": "b" * 64})
CANARY_CALLS = ["restore", "prepare", "start", "route", "route", "promote"]
FORWARD = [Step.PLAN, Step.START, Step.ROUTE, Step.ANALYSE, Step.TAKE_OVER, Step.RETIRE]


def counts(**changes):
    """Return the counts of a version that is well."""
    bins = {"latency": (0,) * 50 + (2000,) + (0,) * 143, "predictions": (500,) * 4}
    return Counts(**{"requests": 2000, **bins, **changes})


GOOD = Observation(counts(), counts(), 0.0)
BAD = Observation(counts(), counts(errors=1000), 0.0)
SILENT = Observation(Counts(), Counts(), 0.0)


class Killed(BaseException):
    """The process dies: nothing catches it and nothing is cleaned up."""


class Clock:
    """Time passes only where the machine sleeps."""

    def __init__(self):
        self.now = 1000.0

    def __call__(self):
        return self.now

    def sleep(self, seconds):
        self.now += seconds


@pytest.fixture
def target():
    """An environment that serves a stable release; its canaries are well."""
    target = MemoryTarget(STABLE.id)
    target.seen = GOOD
    return target


@pytest.fixture
def machine(target, tmp_path):
    """The machine of that environment, with what it told the registry in `told`."""
    clock, told = Clock(), []
    machine = Machine(
        tmp_path / "test", target, Record(tmp_path / "test/record.jsonl"), LIMITS,
        mirror=lambda event, release: told.append((event, release.id)), clock=clock, sleep=clock.sleep,
    )  # fmt: skip
    machine.told, machine.ticks = told, clock
    return machine


def events(machine):
    """Return the events of the record."""
    return [entry["event"] for entry in machine.record.entries()]


def killed_at(machine, step, hook="before"):
    """Deploy, and let the process die around `step`."""

    def die(current):
        if current is step:
            raise Killed

    setattr(machine, hook, die)
    with pytest.raises(Killed):
        machine.deploy(RELEASE, by="ada")
    setattr(machine, hook, lambda _: None)


def test_promotion(machine, target):
    """A good canary gets its share, is judged, takes over, and the record tells every step."""
    final = machine.deploy(RELEASE, by="ada", why="merged")
    assert (final.step, target.serving) == (Step.DONE, RELEASE.id)
    assert target.named() == CANARY_CALLS
    assert [call[2] for call in target.calls if call[0] == "route"] == [LIMITS.share, 1.0]
    assert events(machine) == ["planned", "started", "routed", "judged", "promoted"]
    assert machine.told == [("started", RELEASE.id), ("promoted", RELEASE.id)]


def test_record_entries(machine):
    """Who, why, what is replaced, and the manifest: enough to deploy the same release again."""
    machine.deploy(RELEASE, by="ada", why="merged")
    planned, promoted = machine.record.last("planned"), machine.record.last("promoted")
    assert (planned["by"], planned["why"], planned["stable"]) == ("ada", "merged", STABLE.id)
    assert planned["manifest"] == RELEASE.model_dump()
    assert (promoted["model"], promoted["commit"]) == (RELEASE.model, RELEASE.commit)
    assert machine.record.last("judged")["verdict"] == "promote"


@pytest.mark.parametrize("direct", [True, False])
def test_without_canary(machine, target, direct):
    """A `direct` release, and the first one of an environment, take over without a judgement."""
    target.serving = STABLE.id if direct else None
    machine.deploy(RELEASE, by="ada", direct=direct)
    assert target.named() == ["restore", "prepare", "start", "route", "promote"]
    assert events(machine) == ["planned", "started", "promoted"]


def test_nothing_beside(machine, target):
    """A target that runs nothing next to stable skips the canary, and tells the registry of no candidate."""
    target.beside = False
    machine.deploy(RELEASE, by="ada")
    assert events(machine) == ["planned", "promoted"]
    assert machine.told == [("promoted", RELEASE.id)]


def test_release_that_serves(machine, target):
    """A release that serves is not deployed again; a registry that was down is told again."""
    target.serving = RELEASE.id
    machine.deploy(RELEASE, by="ada")
    assert target.named() == ["restore"]
    assert (events(machine), machine.told) == ([], [("promoted", RELEASE.id)])


def test_bad_canary(machine, target):
    """A bad canary is taken out at once; stable never stops serving."""
    target.seen = BAD
    with pytest.raises(RolledBackError, match="errors"):
        machine.deploy(RELEASE, by="ada")
    assert target.named()[-2:] == ["route", "remove"]
    assert target.serving == STABLE.id
    assert events(machine)[-2:] == ["judged", "rolled back"]
    assert machine.told[-1] == ("rolled back", RELEASE.id)


def test_silent_canary(machine, target):
    """Without traffic the analysis is extended once, then the canary is taken out."""
    target.seen = SILENT
    started = machine.ticks.now
    with pytest.raises(InconclusiveError, match="could not be judged"):
        machine.deploy(RELEASE, by="ada")
    assert events(machine) == ["planned", "started", "routed", "extended", "judged", "rolled back"]
    assert machine.ticks.now - started == pytest.approx(2 * LIMITS.max_seconds, abs=1)
    assert target.serving == STABLE.id


def test_late_traffic(machine, target):
    """Traffic that comes in the extension still decides."""
    target.seen = SILENT
    passed = machine.ticks.sleep

    def sleep(seconds):
        passed(seconds)
        if machine.ticks.now > 1000 + LIMITS.max_seconds + 1:
            target.seen = GOOD

    machine.sleep = sleep
    machine.deploy(RELEASE, by="ada")
    assert events(machine)[-3:] == ["extended", "judged", "promoted"]


@pytest.mark.parametrize(
    ("method", "event"), [("prepare", "refused"), ("start", "rolled back"), ("route", "rolled back")]
)
def test_failing_step(machine, target, method, event):
    """A step that fails undoes the deployment and keeps its cause; the registry hears of no refusal."""
    target.faults[method] = ChainError("The chain breaks.", where="here", next="look")
    with pytest.raises(ChainError, match="The chain breaks") as raised:
        machine.deploy(RELEASE, by="ada")
    assert (raised.value.where, raised.value.next) == ("here", "look")
    assert target.named()[-1] == "remove"
    assert machine.record.last(event)["error"] == "ChainError"
    assert (("rolled back", RELEASE.id) in machine.told) is (event == "rolled back")
    assert state.load(machine.folder).step is Step.DONE


def test_wrong_answer_after_the_switch(machine, target):
    """A server that answers with another model does not keep the traffic."""
    target.version = lambda: {"model": STABLE.model}
    with pytest.raises(DeployError, match="/version"):
        machine.deploy(RELEASE, by="ada")
    assert target.named()[-1] == "remove"


@pytest.mark.parametrize(("method", "step"), [("promote", Step.RETIRE), ("remove", Step.ROLL_BACK)])
def test_failure_after_the_decision(machine, target, method, step):
    """What was decided is not turned round: the same command finishes it."""
    target.seen = BAD if method == "remove" else GOOD
    target.faults[method] = DeployError("The cloud is away.")
    with pytest.raises(DeployError, match="away"):
        machine.deploy(RELEASE, by="ada")
    assert state.load(machine.folder).step is step
    target.faults.clear()
    if method == "promote":
        machine.deploy(RELEASE, by="ada")
        assert target.serving == RELEASE.id
    else:
        with pytest.raises(RolledBackError):
            machine.deploy(RELEASE, by="ada")
    assert "resumed" in events(machine)


def test_busy_target(machine, target):
    """A busy target says nothing about the release: nothing is undone, and the same command continues."""
    target.faults["start"] = BusyError("Terraform's state is locked.")
    with pytest.raises(BusyError):
        machine.deploy(RELEASE, by="ada")
    assert events(machine) == ["planned", "held up"]
    assert "remove" not in target.named()
    target.faults.clear()
    machine.deploy(RELEASE, by="ada")
    assert target.serving == RELEASE.id


def test_busy_environment(machine):
    """Two deployments of one environment never run at once."""
    with state.locked(machine.folder), pytest.raises(BusyError):
        machine.deploy(RELEASE, by="ada")


@pytest.mark.parametrize("hook", ["before", "after"])
@pytest.mark.parametrize("step", FORWARD)
def test_resume(machine, target, step, hook):
    """Killed around any step, the same command continues to the end, and promotes once."""
    killed_at(machine, step, hook)
    machine.deploy(RELEASE, by="ada")
    assert target.serving == RELEASE.id
    assert events(machine).count("promoted") == 1
    assert events(machine).count("planned") == 1


@pytest.mark.parametrize("step", [Step.ROUTE, Step.ANALYSE])
def test_resumed_canary_is_started_again(machine, target, step):
    """The canary may have died with the process, so it is started again before it is judged."""
    killed_at(machine, step)
    target.calls.clear()
    machine.deploy(RELEASE, by="ada")
    assert target.named() == ["restore", "start", "route", "route", "promote"]


@pytest.mark.parametrize(
    ("step", "last", "serving"),
    [(Step.ANALYSE, "rolled back", STABLE.id), (Step.TAKE_OVER, "promoted", RELEASE.id)],
)
def test_settle(machine, target, step, last, serving):
    """An interrupted deployment is finished where it was decided, and undone where it was not."""
    killed_at(machine, step)
    assert machine.settle().release == RELEASE
    assert (events(machine)[-1], target.serving) == (last, serving)
    assert machine.settle() is None


def test_interrupted_by_another_release(machine, target):
    """The interrupted deployment of one release is undone before another one begins."""
    killed_at(machine, Step.ANALYSE)
    machine.deploy(OTHER, by="ada")
    assert machine.record.last("rolled back")["release"] == RELEASE.id
    assert target.serving == OTHER.id


def test_busy_while_settling(machine, target):
    """While the interrupted deployment is held up, no other one begins."""
    killed_at(machine, Step.TAKE_OVER)
    target.faults["route"] = BusyError("Terraform's state is locked.")
    with pytest.raises(BusyError):
        machine.deploy(OTHER, by="ada")
    assert machine.record.last("planned")["release"] == RELEASE.id


def test_stable_that_is_down(machine, target):
    """A stable version that does not come back is recorded, and the new release is deployed all the same."""
    target.faults["restore"] = DeployError("It does not start.")
    machine.deploy(RELEASE, by="ada")
    assert events(machine)[0] == "stable is down"
    assert target.serving == RELEASE.id


def test_broken_record(machine, target):
    """Nothing is deployed on a record that was altered."""
    machine.deploy(RELEASE, by="ada")
    target.calls.clear()
    machine.record.path.write_text(machine.record.path.read_text().replace("ada", "eve", 1))
    with pytest.raises(ChainError, match="deployment record"):
        machine.deploy(OTHER, by="ada")
    assert target.calls == []
