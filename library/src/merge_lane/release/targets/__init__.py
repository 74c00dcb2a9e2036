"""Where a release can be deployed: one small interface, so that one state machine serves every target."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterator

    from merge_lane.release.canary import Observation
    from merge_lane.release.chain import Link
    from merge_lane.release.manifest import Release


class Target(Protocol):
    """One environment. Every method may be called again after a kill and then finishes what was begun."""

    remote: bool
    """True where the environment outlives this machine, so that state and record must be kept elsewhere."""

    def stable(self) -> str | None:
        """Return the id of the release that has the traffic; None before the first deployment."""

    def restore(self) -> None:
        """Bring back what should be running, after a reboot, say."""

    def prepare(self, release: Release) -> None:
        """Refuse, without changing anything, a release that cannot be deployed here."""

    def start(self, release: Release, *, direct: bool) -> bool:
        """Run the release beside the stable one, without traffic, and return once it is ready.

        False: nothing runs beside. Stable runs the same already; or a `direct` release, which no canary's
        judgement follows, is put in stable's place when it gets all of the traffic.
        """

    def route(self, release: Release, share: float, deployment: str) -> None:
        """Give the release its share of the traffic; counting starts anew for a new `deployment`."""

    def observe(self, release: Release) -> Observation:
        """Return what was counted of stable and canary since `route`."""

    def promote(self, release: Release) -> None:
        """Give the release all of the traffic and stop the former stable one once it is idle."""

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
