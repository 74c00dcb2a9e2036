"""The verb that puts a table of one's own in place of the example."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from merge_lane.adopt.apply import Plan


NEXT = """
Written. Next:
  git diff                      read what was decided, contract.py above all
  make run                      train, measure and serve it
  git add -A && git commit"""


@click.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--target", required=True, help="Column to predict.")
@click.option("--time", help="Column of times: rows are then split by month, the latest months test.")
@click.option("--key", "keys", multiple=True, help="Column that identifies a row; give it again for more.")
@click.option("--positive", help="Value of a binary target that counts as true; else the last of the two.")
@click.option("--yes", is_flag=True, help="Write without asking. Without it the differences are shown first.")
@click.option("--dry-run", is_flag=True, help="Show the differences and write nothing.")
def adopt(  # noqa: PLR0917 - click passes by name
    file: Path,
    target: str,
    time: str | None,
    keys: tuple[str, ...],
    positive: str | None,
    yes: bool,
    dry_run: bool,
) -> None:
    """Put the table in FILE (CSV or Parquet) in place of the data that are there.

    Infers the contract and the task, rewrites params.yaml, contract.py, features.py, source.py and
    data/README.md, and removes the example. Nothing is written before the differences are shown.
    """
    from merge_lane.adopt import apply as adopting

    click.echo(f"adopt: looking at {file}", err=True)
    plan = adopting.plan(file, Path(), target, time, keys, positive=positive)
    click.echo(summary(plan))
    if not yes:
        click.echo(plan.differences())
    if gone := plan.removed():
        click.echo("\nRemoved will be what belongs to the data before (git and DVC keep what was committed):")
        click.echo("  " + "\n  ".join(map(str, gone)))
    if dry_run or not (yes or click.confirm("Write these files?")):
        click.echo("nothing was written.")
        return
    adopting.apply(plan)
    _store()
    click.echo(NEXT)


def _store() -> None:
    """Let DVC hold the months, as it holds everything else that is large."""
    import subprocess
    import sys

    months = sorted(str(path) for path in Path("data/incoming").glob("*.parquet"))
    subprocess.run([sys.executable, "-m", "dvc", "add", "--quiet", *months], check=True)


def summary(plan: Plan) -> str:
    """Return what was found and decided, one line a column."""
    judged, months = plan.judged, plan.months
    positive = f", {judged.positive!r} is positive (or choose --positive)" if judged.task == "binary" else ""
    lines = [
        f"{plan.survey.rows:,} rows; {judged.task}: predicts {judged.target.name}{positive}",
        f"{len(months.names)} part(s): {months.why}",
        "",
    ]
    width = max(len(column.name) for column in judged.columns)
    for column in judged.columns:
        decided = f"{column.surveyed.dtype:8} {column.role:9} {column.reason}"
        lines.append(f"  {column.name.ljust(width)}  {decided}".rstrip())
    return "\n".join(lines)
