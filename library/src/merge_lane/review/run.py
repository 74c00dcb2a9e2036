"""The whole review: gather the evidence, let every gate judge it, apply the waivers."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING

from merge_lane.repository.git import git
from merge_lane.repository.revision import resolve
from merge_lane.review import gates
from merge_lane.review.evidence import Evidence, gather
from merge_lane.review.gates.checks import Check, blocking, waived

if TYPE_CHECKING:
    from pathlib import Path

    from merge_lane.settings import Settings


@dataclass
class Review(Evidence):
    """The evidence, and what the gates say to it: everything that a report prints."""

    checks: list[Check] = field(default_factory=list)
    lineage: dict[str, str] = field(default_factory=dict)

    @property
    def blocked_by(self) -> list[str]:
        """The gates that stop the merge."""
        return blocking(self.checks)


def review(settings: Settings, root: Path, *, base: str | None, today: date | None = None) -> Review:
    """Compare the candidate in the work tree with `base` and judge it.

    Raises ReviewError where that is not possible, ParamsError for a gate on something that does not exist.
    """
    evidence = gather(settings, resolve(base, root))
    checks = waived(gates.judge(evidence), settings.gates.waivers, today or datetime.now(UTC).date())
    return Review(**vars(evidence), checks=checks, lineage=lineage(evidence))


def lineage(evidence: Evidence) -> dict[str, str]:
    """Return what the candidate was made from: its commit, the base, the hashes of model and inputs."""
    root = evidence.base.root
    head = git("rev-parse", "HEAD", root=root)
    dirty = git("status", "--porcelain", "--untracked-files=no", root=root)
    lines = {"commit": head + (" with uncommitted changes" if dirty else ""), "base": evidence.base.revision}
    if evidence.model is not None:
        lines["model"] = evidence.model.hash
        lines |= {f"{name} hash": value for name, value in evidence.model.manifest["inputs"].items()}
    return lines
