"""The state machine of a deployment: plan, start, route, analyse, then take over or roll back.

Every step is idempotent and the state is saved before it begins: after a kill at any moment the same command
continues. Until `take over` only the canary changes, so stable keeps serving.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from merge_lane import errors
from merge_lane.errors import BusyError, DeployError, InconclusiveError, ProjectError, RolledBackError
from merge_lane.release import canary, state
from merge_lane.release.canary import Verdict
from merge_lane.release.manifest import now
from merge_lane.release.state import State, Step

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from merge_lane.release.manifest import Release
    from merge_lane.release.record import Record
    from merge_lane.release.targets import Target
    from merge_lane.settings import Canary

LOOK_SECONDS = 0.5  # the tests stay valid however often one looks; this only bounds the harm of a bad canary

PRINT_SECONDS = 10.0


def _silent(_: str) -> None:
    """Print nothing."""


@dataclass
class Machine:
    """Drives one environment. `mirror` tells the registry and must not raise; hooks surround the steps."""

    folder: Path
    target: Target
    record: Record
    limits: Canary
    say: Callable[[str], None] = _silent
    mirror: Callable[[str, Release], None] = lambda _alias, _release: None
    before: Callable[[Step], None] = lambda _step: None
    after: Callable[[Step], None] = lambda _step: None
    clock: Callable[[], float] = time.time
    sleep: Callable[[float], None] = time.sleep
    _steps: dict[Step, Callable[[State], State]] = field(init=False)

    def __post_init__(self) -> None:
        self._steps = {
            Step.PLAN: self._plan,
            Step.START: self._start,
            Step.ROUTE: self._route,
            Step.ANALYSE: self._analyse,
            Step.TAKE_OVER: self._take_over,
            Step.RETIRE: self._retire,
            Step.ROLL_BACK: self._roll_back,
        }

    def deploy(
        self, release: Release, *, by: str, why: str = "", direct: bool = False, kind: str = "deploy"
    ) -> State:
        """Deploy a release, or continue its interrupted deployment. Returns the final state.

        Raises the cause of a failure, after rolling back: ChainError, DeployError, RolledBackError (a bad
        canary), InconclusiveError, BusyError. In each case stable keeps serving.
        """
        with state.locked(self.folder):
            self.record.entries()  # nothing is deployed on a broken record
            self._restore()
            current = self._resumed(release)
            if current is None:
                current = self._opened(release, by=by, why=why, direct=direct, kind=kind)
            return self._finish(current)

    def settle(self) -> State | None:
        """Finish an interrupted deployment: forward after its decision, else back. None: nothing to do."""
        with state.locked(self.folder):
            current = state.load(self.folder)
            return None if current is None or current.step is Step.DONE else self._settled(current)

    def _restore(self) -> None:
        """Start stable again where it is down; where that fails, a new release may still fix it."""
        try:
            self.target.restore()
        except ProjectError as error:
            self.say(f"stable could not be brought back: {error.what}")
            self.record.append("stable is down", once=False, what=error.what)

    def _resumed(self, release: Release) -> State | None:
        """Return the interrupted deployment of this release; one of another release is settled first."""
        current = state.load(self.folder)
        if current is None or current.step is Step.DONE:
            return None
        if current.release == release:
            self.say(f"resuming {current.deployment} at {current.step}")
            self.record.append("resumed", once=False, deployment=current.deployment, step=str(current.step))
            again = current.step in (Step.ROUTE, Step.ANALYSE)  # the canary may have died meanwhile
            return current.at(Step.START) if again else current
        self.say(f"settling the interrupted {current.deployment} first")
        self._settled(current)
        return None

    def _settled(self, current: State) -> State:
        if not current.decided and current.failure is None:
            reason = DeployError(
                "It was interrupted, and another deployment began.",
                next="deploy it again if you still need it",
            )
            current = self._failed(current, reason)
        try:
            return self._finish(current)
        except BusyError:  # it is neither finished nor undone, so nothing else may begin
            raise
        except ProjectError as error:
            self.say(f"{current.deployment}: {error.what}")
            return current

    def _opened(self, release: Release, *, direct: bool, **facts: Any) -> State:
        stable = self.target.stable()
        if stable == release.id:
            self.say(f"{release.id} has the traffic already: nothing to do")
            self.mirror("promoted", release)  # a registry that was down hears of it now
            return State("", release, stable, step=Step.DONE, **facts)
        name = f"{now().replace(':', '').replace('-', '')}-{len(self.record.entries()):04d}-{release.id}"
        opened = State(name, release, stable, direct=direct or stable is None, **facts)
        opened.save(self.folder)
        return opened

    def _finish(self, current: State) -> State:
        while current.step is not Step.DONE:
            self.before(current.step)
            following = self._guarded(current)
            self.after(current.step)
            following.save(self.folder)
            current = following
        if current.failure is not None:
            raise _revived(current.failure)
        return current

    def _guarded(self, current: State) -> State:
        """Pass one step; its failure rolls the deployment back, except after the decision."""
        self.say(f"{current.step}: {current.release.id}")
        try:
            return self._steps[current.step](current)
        except BusyError as error:  # not the release's fault: the same command continues
            self._note(current, "held up", once=False, step=str(current.step), what=error.what)
            raise
        except ProjectError as error:
            if current.step in (Step.RETIRE, Step.ROLL_BACK):  # decided: the same command continues
                raise
            return self._failed(current, error)

    def _failed(self, current: State, error: ProjectError) -> State:
        failure = {
            "step": str(current.step),
            "error": type(error).__name__,
            "what": error.what,
            "where": error.where,
            "next": error.next,
        }
        return current.at(Step.ROLL_BACK, failure=failure)

    def _note(self, current: State, event: str, **facts: Any) -> None:
        facts = {"deployment": current.deployment, "release": current.release.id, **facts}
        self.record.append(event, model=current.release.model, commit=current.release.commit, **facts)

    def _plan(self, current: State) -> State:
        manifest = current.release.model_dump()
        self._note(
            current,
            "planned",
            kind=current.kind,
            by=current.by,
            why=current.why,
            stable=current.stable,
            manifest=manifest,
        )
        self.target.prepare(current.release)
        return current.at(Step.START)

    def _start(self, current: State) -> State:
        beside = self.target.start(current.release, direct=current.direct)
        if beside:
            self.mirror("started", current.release)
            self._note(current, "started")
        return current.at(Step.ROUTE if beside and not current.direct else Step.TAKE_OVER)

    def _route(self, current: State) -> State:
        self.target.route(current.release, self.limits.share, current.deployment)
        self._note(current, "routed", share=self.limits.share)
        return current.at(Step.ANALYSE, since=self.clock())

    def _analyse(self, current: State) -> State:
        judgement = self._awaited(current)
        if judgement.verdict is Verdict.INCONCLUSIVE and not current.extended:
            self.say("too few requests: extending once")
            self._note(current, "extended", **judgement.as_json())
            return current.at(Step.ANALYSE, extended=True)
        self.say(f"verdict: {judgement.verdict} ({judgement.reason or 'no criterion decided'})")
        self._note(current, "judged", reason=judgement.reason, **judgement.as_json())
        current = current.at(Step.TAKE_OVER, judgement=judgement.as_json())
        return (
            current if judgement.verdict is Verdict.PROMOTE else self._failed(current, _rejection(judgement))
        )

    def _awaited(self, current: State) -> canary.Judgement:
        started = current.since or self.clock()
        printed = started
        while True:
            seen = self.target.observe(current.release)
            seen = canary.Observation(seen.stable, seen.canary, self.clock() - started)
            judgement = canary.judge(seen, self.limits, extended=current.extended)
            if judgement.verdict is not Verdict.WAIT:
                return judgement
            if self.clock() - printed >= PRINT_SECONDS:
                printed = self.clock()
                self.say(f"  {judgement.findings[0].message}, {printed - started:.0f} s passed")
            self.sleep(LOOK_SECONDS)

    def _take_over(self, current: State) -> State:
        self.target.route(current.release, 1.0, current.deployment)
        served = (self.target.version() or {}).get("model")
        if served != current.release.model:
            raise DeployError(
                f"After the switch /version answers the model {served}, not {current.release.model}.",
                where="/version",
                next="see the record and the server's log; the previous version has the traffic again",
            )
        return current.at(Step.RETIRE)

    def _retire(self, current: State) -> State:
        self.target.promote(current.release)
        self._note(current, "promoted", by=current.by, kind=current.kind, former=current.stable)
        self.mirror("promoted", current.release)
        return current.at(Step.DONE)

    def _roll_back(self, current: State) -> State:
        failure = current.failure or {}
        self.target.remove(current.release)
        event = "refused" if failure.get("step") == Step.PLAN else "rolled back"
        if event == "rolled back":
            self.mirror(event, current.release)
        self._note(current, event, stable=current.stable, **failure)
        return current.at(Step.DONE)


def _rejection(judgement: canary.Judgement) -> ProjectError:
    if judgement.verdict is Verdict.ROLL_BACK:
        return RolledBackError(
            f"The canary was rolled back: {judgement.reason}.",
            next="read the record for all numbers; fix the release and merge again",
        )
    unknown = "; ".join(finding.message for finding in judgement.findings if finding.bad is None)
    return InconclusiveError(
        f"The canary could not be judged in time and was taken out: {unknown or 'no criterion decided'}.",
        next="send it more traffic, or lower canary.min_requests in params.yaml and accept less certainty",
    )


def _revived(failure: dict[str, str]) -> ProjectError:
    """Return the error that a state remembers: a resumed deployment ends as an uninterrupted one would."""
    kind: type[ProjectError] = getattr(errors, failure["error"], DeployError)
    return kind(failure["what"], where=failure["where"], next=failure["next"])
