"""The verbs of a pull request: review it, and write what a person reads about it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from collections.abc import Callable

    from merge_lane.review.run import Review

TARGET = Path("reports/review")

BASE_HELP = "Revision to compare with; the default is where HEAD left main."


def _with_base(command: Callable[..., None]) -> Callable[..., None]:
    return click.option("--base", metavar="REV", default=None, help=BASE_HELP)(command)


def _reviewed(base: str | None) -> Review:
    from merge_lane import settings
    from merge_lane.review.run import review as run

    return run(settings.load(), Path.cwd(), base=base)


@click.command()
@_with_base
def review(base: str | None) -> None:
    """Compare the candidate with main and judge it; exit code 20 where a gate blocks."""
    from merge_lane.errors import GateBlockedError
    from merge_lane.review.report.terminal import render

    result = _reviewed(base)
    click.echo(render(result))
    if result.blocked_by:
        raise GateBlockedError(
            f"Blocked by {', '.join(result.blocked_by)}.",
            next="fix what is listed above, or waive it in the open: gates.waivers in params.yaml",
        )


@click.command()
@_with_base
@click.option(
    "--attach",
    multiple=True,
    metavar="TITLE=FILE",
    help="Fold a text file into the report (a plan, say); may be repeated.",
)
def report(base: str | None, attach: tuple[str, ...]) -> None:
    """Write report.md, report.html and report.json to reports/review; blocked or not, exit code 0."""
    from merge_lane.review.report.files import write

    result = _reviewed(base)
    for path in write(result, TARGET, attach):
        click.echo(f"report: {path}")
    click.echo(f"report: {'BLOCKED by ' + ', '.join(result.blocked_by) if result.blocked_by else 'PASS'}")
