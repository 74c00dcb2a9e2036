"""The verb that sets up the repository on GitHub."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import click

from merge_lane.errors import GitHubError
from merge_lane.repository.git import ask

if TYPE_CHECKING:
    from merge_lane.forge.github.changes import Change
    from merge_lane.forge.github.client import Client


@click.command()
@click.option("--dry-run", is_flag=True, help="Only print what would be done.")
@click.option("--repository", help="OWNER/NAME; by default the origin's.")
@click.option("--file", "path", type=click.Path(path_type=Path), default=Path(".github/repository.yaml"))
def github(dry_run: bool, repository: str | None, path: Path) -> None:
    """Set rules, environments, variables and labels on GitHub as .github/repository.yaml declares."""
    from merge_lane.forge.github import changes, declared
    from merge_lane.forge.github.client import Client

    declaration = declared.load(path)
    host, name = origin()
    client = Client(repository or name, host)
    todo = list(changes.changes(client, declaration))
    click.echo(f"{client.repository} on {client.host}: {len(todo)} change(s) to make")
    for change in todo:
        click.echo(f"  {change.text}")
    if not dry_run:
        apply(client, todo)
    by_hand = changes.missing(client, declaration)
    if by_hand:
        click.echo("Not set. Set what you need yourself:\n  " + "\n  ".join(by_hand))


def apply(client: Client, todo: list[Change]) -> None:
    """Make every change that GitHub allows; raise GitHubError naming those that it refused."""
    refused = []
    for change in todo:
        try:
            client.send(change.method, change.path, change.body)
        except GitHubError as error:
            refused.append((change, error))
    if refused:
        reasons = "\n".join(
            f"  - {change.text}\n    {error.what} ({error.next})" for change, error in refused
        )
        raise GitHubError(
            f"{len(refused)} of {len(todo)} change(s) were refused, the others were made:\n{reasons}",
            where=f"{client.repository} on {client.host}",
            next="fix the cause and repeat the command: it makes only the missing changes",
        )
    click.echo("done." if todo else "Nothing to do: all is as .github/repository.yaml says.")


def origin() -> tuple[str, str]:
    """Return the host and OWNER/NAME that the git remote `origin` names."""
    url = ask("config", "--get", "remote.origin.url", root=".") or ""
    match = re.search(r"(?:://|@)(?:[^@/]+@)?([^/:]+(?::\d+)?)[:/]([^/]+/[^/]+?)(?:\.git)?/?$", url.strip())
    if match is None:
        raise GitHubError(
            "This clone has no `origin` on GitHub.",
            where=url.strip() or "git remote",
            next="create it: gh repo create OWNER/NAME --private --source . --push",
        )
    return match[1], match[2]
