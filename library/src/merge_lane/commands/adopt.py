"""The verb `adopt`: your own table instead of the example."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from merge_lane.adopt.apply import Plan


NEXT = """
Written. Next:
  git diff                      read the decisions, above all contract.py
  make run                      train, measure and serve it
  git add -A && git commit"""


@click.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--target", required=True, help="Column to predict.")
@click.option("--time", help="Column of times: rows are then split by month, the latest months test.")
@click.option(
    "--key",
    "keys",
    multiple=True,
    help="Column that identifies a row; repeat the option for a key of several columns.",
)
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
    """Replace the project's data with the table in FILE (CSV or Parquet).

    Infers the contract and the task, rewrites params.yaml, contract.py, features.py, source.py and
    data/README.md, and removes the example. The differences are shown before anything is written.
    """
    from merge_lane.adopt import apply as adopting

    click.echo(f"adopt: reading {file}", err=True)
    plan = adopting.plan(file, Path(), target, time, keys, positive=positive)
    click.echo(summary(plan))
    if not yes:
        click.echo(plan.differences())
    if removed := plan.removed():
        click.echo("\nThese files belong to the previous data and will be deleted (their commits stay):")
        click.echo("  " + "\n  ".join(map(str, removed)))
    if dry_run or not (yes or click.confirm("Write these files?")):
        click.echo("Nothing was written.")
        return
    adopting.apply(plan)
    _store()
    click.echo(NEXT)


def _store() -> None:
    """Add the months to DVC, which holds everything that is large."""
    import subprocess
    import sys

    months = sorted(str(path) for path in Path("data/incoming").glob("*.parquet"))
    subprocess.run([sys.executable, "-m", "dvc", "add", "--quiet", *months], check=True)


def summary(plan: Plan) -> str:
    """Return the decisions, one line a column."""
    decisions, months = plan.decisions, plan.months
    positive = (
        f", {decisions.positive!r} is positive (or choose --positive)" if decisions.task == "binary" else ""
    )
    lines = [
        f"{plan.survey.rows:,} rows; {decisions.task}: predicts {decisions.target.name}{positive}",
        f"{len(months.names)} part(s): {months.why}",
        *(f"note: {note}" for note in plan.survey.notes),
        "",
    ]
    width = max(len(column.name) for column in decisions.columns)
    for column in decisions.columns:
        decision = f"{column.profile.dtype:8} {column.role:9} {column.reason}"
        lines.append(f"  {column.name.ljust(width)}  {decision}".rstrip())
    return "\n".join(lines)
