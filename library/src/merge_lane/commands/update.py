"""The verbs that bring a project up to date, or let it own the library."""

from __future__ import annotations

import os
from pathlib import Path

import click


@click.command()
@click.option(
    "--into",
    type=click.Path(path_type=Path, file_okay=False),
    help="Write a pull request's title, text and patch to this folder.",
)
def update(into: Path | None) -> None:
    """Take the newest release of the template: merge its files, replace the wheel of merge-lane and its pins.

    Needs a clean work tree. The team's own files (`[tool.cruft]` in pyproject.toml) stay as they are.
    """
    from merge_lane.template import command, origin, proposal
    from merge_lane.template import update as updates

    root = Path.cwd()
    if into and not (root / origin.STATE).exists():  # the template's own repository runs the same workflow
        click.echo("This project was not generated: there is nothing to update from.")
        return
    start = command.run("git", "rev-parse", "HEAD", at=root)
    news = updates.update(root)
    if news is None:
        click.echo("The template has nothing new.")
        return
    click.echo(f"{proposal.title(news)}\n\n{proposal.text(news)}")
    if into:
        proposal.write(news, root, start, into)
        _tell_workflow(news.after)
    else:
        click.echo("Look at `git diff`, run `make setup` and `make test`, then commit.")


def _tell_workflow(release: str) -> None:
    """Set the step's output when a workflow runs this."""
    if output := os.environ.get("GITHUB_OUTPUT"):
        with Path(output).open("a", encoding="utf-8") as stream:
            stream.write(f"release={release}\n")


@click.command()
def eject() -> None:
    """Put the library's source into library/, to change it there. The wheel and its pins go.

    Updates then merge the template's files only. The way back is to revert the commit.
    """
    from merge_lane.template import library

    version = library.eject(Path.cwd())
    click.echo(f"library/ holds the source of merge-lane {version}. Run `make setup`, then commit.")
