"""Write the report of the pull request, with the plans of the step `plan` attached."""

from __future__ import annotations

from typing import TYPE_CHECKING

from merge_lane.forge import runner
from merge_lane.forge.steps.plan import FOLDER

if TYPE_CHECKING:
    from collections.abc import Iterator

BASE = "origin/main"


def report() -> None:
    """Write the report of the pull request to reports/review, with the plans in tmp/plan attached.

    Reads BASE, the revision to compare with [origin/main].
    """
    runner.run("merge-lane", "report", "--base", runner.optional("BASE", BASE), *attachments())


def attachments() -> Iterator[str]:
    """Yield the options that attach the plans. `=` ends a title, so it becomes a colon there."""
    for path in sorted(FOLDER.glob("*.txt")):
        summary = path.read_text(encoding="utf-8").partition("\n")[0].replace("=", ":")
        yield from ("--attach", f"Terraform plan, {path.stem}: {summary}={path}")
