"""The verbs of an honest dvc.lock."""

from __future__ import annotations

import os
from pathlib import Path

import click

BASE = click.option("--base", default="origin/main", show_default=True, help="The revision to start from.")
NO_REMOTE = click.option("--no-remote", is_flag=True, help="Neither pull from nor push to the DVC remote.")


@click.command()
@BASE
@NO_REMOTE
@click.option(
    "--changed", type=click.Path(path_type=Path), help="Copy the files to commit into this directory."
)
def lock(base: str, no_remote: bool, changed: Path | None) -> None:
    """Reproduce from the base's lock. What ran before is restored, so this costs seconds when nothing is new.

    Also the answer to a merge conflict in dvc.lock: a text merge of two locks is a run that never happened.
    """
    from merge_lane.forge import runner
    from merge_lane.repository import reproduce

    files = reproduce.refresh(base, use_remote=not no_remote and reproduce.remote() is not None)
    if changed:
        reproduce.export(files, changed)
    runner.write_outputs(fresh="false" if files else "true")
    if files:
        click.echo("lock: reproduced. Commit what changed:\n  git add " + " ".join(files))
    else:
        click.echo("lock: fresh. The branch says what the pipeline does.")


@click.command(name="lock-base")
@BASE
def lock_base(base: str) -> None:
    """Replace dvc.lock by the base's."""
    from merge_lane.repository import reproduce

    found = reproduce.start_from_base(base)
    click.echo(f"lock: {reproduce.LOCK} is {base}'s" if found else f"lock: {base} has no {reproduce.LOCK}")


@click.command(name="lock-check")
@NO_REMOTE
@click.option(
    "--outputs-only", is_flag=True, help="Do not ask whether a stage would run: CI commits that lock."
)
def lock_check(no_remote: bool, outputs_only: bool) -> None:
    """Run nothing; exit 22 when a stage would run or an output named in dvc.lock is not in the remote."""
    from merge_lane.errors import LockError
    from merge_lane.repository import reproduce

    use_remote = not no_remote and reproduce.remote() is not None
    found = [] if outputs_only else reproduce.would_run()
    found += reproduce.not_in_remote() if use_remote else []
    if found:
        raise LockError(
            "dvc.lock is not fresh:\n  - " + "\n  - ".join(found),
            where=reproduce.LOCK,
            next="make lock, commit what it names, then `dvc push` where outputs are not in the remote",
        )
    click.echo("lock: fresh")


@click.command(name="lock-commit")
@click.option(
    "--from", "directory", required=True, type=click.Path(path_type=Path, exists=True, file_okay=False)
)
@click.option("--head", required=True, help="The full id of the commit that was reproduced.")
@click.option("--branch", required=True, help="Its branch.")
@click.option("--remote", default="origin", show_default=True)
def lock_commit(directory: Path, head: str, branch: str, remote: str) -> None:
    """Commit handed-in files to a branch: dvc.lock and the outputs that git tracks, nothing else.

    GH_TOKEN, when set, is what git fetches and pushes with.
    """
    from merge_lane.forge import runner
    from merge_lane.repository.lock_commit import commit_lock

    commit = commit_lock(directory, head=head, branch=branch, remote=remote, token=os.environ.get("GH_TOKEN"))
    runner.write_outputs(commit=commit or "")
    click.echo(f"lock: pushed {commit} to {branch}" if commit else "lock: nothing to commit")
