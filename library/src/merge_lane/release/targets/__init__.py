"""Where a release can be deployed: one small interface, so that one state machine serves every target."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any, Protocol

from merge_lane.errors import DeployError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from merge_lane.release.canary import Observation
    from merge_lane.release.chain import Link
    from merge_lane.release.manifest import Release


class Target(Protocol):
    """One environment. Every method may be called again after a kill and then finishes its work."""

    remote: bool
    """True where the environment outlives this machine, has users, and `keep` stores its state elsewhere."""

    def stable(self) -> str | None:
        """Return the id of the release that has the traffic; None before the first deployment."""

    def restore(self) -> None:
        """Start what should be running and is not, after a reboot for example."""

    def prepare(self, release: Release) -> None:
        """Refuse, without changing anything, a release that cannot be deployed here."""

    def start(self, release: Release, *, direct: bool) -> bool:
        """Run the release beside the stable one, without traffic, and return once it is ready.

        False: nothing runs beside. Stable runs the same already, or the release is `direct` (no canary) and
        replaces stable when it gets all of the traffic.
        """

    def route(self, release: Release, share: float, deployment: str) -> None:
        """Give the release its share of the traffic; counting starts again for a new `deployment`."""

    def observe(self, release: Release) -> Observation:
        """Return the counts of stable and canary since `route`."""

    def promote(self, release: Release) -> None:
        """Give the release all of the traffic and stop the previous stable one once it is idle."""

    def remove(self, release: Release) -> None:
        """Take the release out of the traffic and stop it; the stable one keeps serving."""

    def links(self, release: Release) -> Iterator[Link]:
        """Yield the links of the identity chain that only this target knows: what it runs."""

    @property
    def url(self) -> str:
        """Return the address that answers predictions."""

    def counts(self) -> dict[str, Any]:
        """Return the counters of each version by its id, for people."""

    def version(self) -> dict[str, Any] | None:
        """Return what the environment's address answers at `/version`; None where nothing answers."""

    def keep(self) -> None:
        """Store state and record where the next machine finds them; nothing to do where they are here."""


TARGETS = {
    "local": "merge_lane.release.targets.local.target",
    "aws": "merge_lane.release.targets.aws.connect",
}
"""Name of a target -> module whose `connect(folder, root, port, requests)` returns it; imported when used."""


def connect(
    name: str, folder: Path, root: Path, *, port: int | None, requests: Callable[[], Sequence[bytes]]
) -> Target:
    """Return the environment in `folder` on the target called `name`.

    `port` is only for a new local environment; `requests` returns bodies of predictions to ask for.
    Raises DeployError for an unknown name.
    """
    if name not in TARGETS:
        raise DeployError(
            f"There is no target {name}.",
            where="--target",
            next=f"name one of: {', '.join(TARGETS)}",
        )
    target: Target = import_module(TARGETS[name]).connect(folder, root, port=port, requests=requests)
    return target
