"""One environment: its folder, its target, its record, and the release that it serves."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from merge_lane.errors import ReleaseError
from merge_lane.release import chain
from merge_lane.release.manifest import Release
from merge_lane.release.record import Record

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from merge_lane.release.chain import Link
    from merge_lane.release.targets import Target

FOLDER = "deployments"


@dataclass(frozen=True)
class Environment:
    """`name` is staging, production or the like; `root` is the project's."""

    name: str
    root: Path
    target: Target

    @property
    def folder(self) -> Path:
        """Return where the state and the record lie."""
        return self.root / FOLDER / self.name

    @property
    def record(self) -> Record:
        """Return the deployment record."""
        return Record(self.folder / "record.jsonl")

    def promoted(self) -> list[Release]:
        """Return all releases promoted here, oldest first. Raises ChainError for an altered record."""
        entries = self.record.entries()
        planned = {e["deployment"]: e["manifest"] for e in entries if e["event"] == "planned"}
        return [Release.model_validate(planned[e["deployment"]]) for e in entries if e["event"] == "promoted"]

    def current(self) -> Release:
        """Return the release that was promoted last. Raises ReleaseError where there is none."""
        promoted = self.promoted()
        if not promoted:
            raise ReleaseError(
                f"{self.name} has no release yet.",
                where=str(self.record.path),
                next=f"merge-lane deploy --environment {self.name}",
            )
        return promoted[-1]

    def previous(self, prefix: str | None = None) -> Release:
        """Return the release to go back to: the one before the current, or the one whose id begins so."""
        current = self.current()
        others = [release for release in self.promoted() if release.id != current.id]
        matching = [release for release in others if release.id.startswith(prefix or "")]
        if not matching:
            known = ", ".join(dict.fromkeys(release.id for release in others)) or "none"
            raise ReleaseError(
                f"{self.name} never served {prefix or 'another release'}: there is no way back to it.",
                where=str(self.record.path),
                next=f"releases to go back to: {known}",
            )
        return matching[-1]

    def links(self, registry: Callable[[], str | None]) -> Iterator[Link]:
        """Yield the whole chain of the deployed release, from dvc.lock to the answer of the server."""
        release = self.current()
        yield chain.recorded(release, self.record.last("promoted"), str(self.record.path))
        yield from chain.reviewed(self.root, release)
        yield from self.target.links(release)
        yield chain.registry(release, registry)
        own_code = not self.target.remote
        yield from chain.version(release, self.target.version(), "/version", commit=own_code)
