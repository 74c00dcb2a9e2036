"""Where a deployment stands. The file is replaced whole before each step, so that a kill loses no step."""

from __future__ import annotations

import fcntl
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from merge_lane.errors import BusyError
from merge_lane.release.manifest import Release
from merge_lane.system.files import read_json, write_json

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


class Step(StrEnum):
    """The steps in their order; each may be repeated after a kill."""

    PLAN = "plan"  # refuse what must not be deployed; nothing is changed
    START = "start"  # run the release next to stable, without traffic
    ROUTE = "route"  # give it its share
    ANALYSE = "analyse"  # judge it
    TAKE_OVER = "take over"  # give it everything and read back what answers
    RETIRE = "retire"  # stop the previous version
    ROLL_BACK = "roll back"  # take it out; stable never stopped serving
    DONE = "done"


@dataclass(frozen=True)
class State:
    """One deployment. `direct` skips the canary: a first deployment, a return to a judged release."""

    deployment: str
    release: Release
    stable: str | None
    step: Step = Step.PLAN
    direct: bool = False
    kind: str = "deploy"
    by: str = ""
    why: str = ""
    since: float | None = None
    """Unix time at which the analysis began."""
    extended: bool = False
    failure: dict[str, str] | None = None
    """Why it is rolled back: class of the error, what, where, next."""
    judgement: dict[str, Any] | None = None

    @property
    def decided(self) -> bool:
        """True once the release is to be promoted, so that a resumed deployment goes forward."""
        return self.step in (Step.TAKE_OVER, Step.RETIRE)

    def at(self, step: Step, **changes: Any) -> State:
        """Return the state of the next step."""
        return replace(self, step=step, **changes)

    def save(self, folder: Path) -> None:
        """Write the state whole or not at all."""
        write_json(folder / "state.json", {**asdict(self), "release": self.release.model_dump()})


def load(folder: Path) -> State | None:
    """Return the state in `folder`; None before the first deployment."""
    path = folder / "state.json"
    if not path.exists():
        return None
    tree = read_json(path)
    tree["step"] = Step(tree["step"])
    tree["release"] = Release.model_validate(tree["release"])
    return State(**tree)


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Hold the environment alone. The system frees the lock when the process dies, so it is never stale.

    Raises BusyError when another deployment holds it.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "lock").open("w") as stream:
        try:
            fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise BusyError(
                f"Another deployment of {folder.name} is running.",
                where=str(folder),
                next="wait for it; `merge-lane status` shows where it stands",
            ) from error
        yield
