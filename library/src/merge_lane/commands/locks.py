"""The verbs of dvc.lock: reproduce it, check it, commit it."""

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
    """Reproduce dvc.lock from the base's lock. Stages that ran before are restored, which takes seconds.

    Run this after a merge conflict in dvc.lock: a text merge of two locks is a run that never happened.
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
        click.echo("lock: fresh. dvc.lock describes this branch.")


@click.command(name="lock-base")
@BASE
def lock_base(base: str) -> None:
    """Replace dvc.lock by the base's."""
    from merge_lane.repository import reproduce
    from merge_lane.repository.lockfile import LOCK

    replaced = reproduce.start_from_base(base)
    click.echo(f"lock: {LOCK} is {base}'s" if replaced else f"lock: {base} has no {LOCK}")


@click.command(name="lock-check")
@NO_REMOTE
@click.option(
    "--outputs-only", is_flag=True, help="Skip the check whether a stage would run: CI commits that lock."
)
def lock_check(no_remote: bool, outputs_only: bool) -> None:
    """Run nothing; exit 22 when a stage would run or an output named in dvc.lock is not in the remote."""
    from merge_lane.errors import LockError
    from merge_lane.repository import reproduce
    from merge_lane.repository.lockfile import LOCK

    use_remote = not no_remote and reproduce.remote() is not None
    reasons = [] if outputs_only else reproduce.would_run()
    reasons += reproduce.not_in_remote() if use_remote else []
    if reasons:
        raise LockError(
            "dvc.lock is not fresh:\n  - " + "\n  - ".join(reasons),
            where=LOCK,
            next="make lock, commit the files that it names, then `dvc push` if outputs are missing there",
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
    """Commit files of a run to a branch: dvc.lock and the outputs that git tracks, nothing else.

    git fetches and pushes with GH_TOKEN, when it is set.
    """
    from merge_lane.forge import runner
    from merge_lane.repository.lock_commit import commit_lock

    commit = commit_lock(directory, head=head, branch=branch, remote=remote, token=os.environ.get("GH_TOKEN"))
    runner.write_outputs(commit=commit or "")
    click.echo(f"lock: pushed {commit} to {branch}" if commit else "lock: nothing to commit")


@click.command()
@click.option("--check", "action", flag_value="check", help="Exit with 24 where library.yaml is stale.")
@click.option("--write", "action", flag_value="write", help="Write library.yaml where it is stale.")
@click.option("--root", type=click.Path(path_type=Path), default=Path(), help="The project's root.")
def fingerprints(action: str | None, root: Path) -> None:
    """Print one hash of the library's code per stage: DVC reruns a stage when its hash changes."""
    from merge_lane.repository import fingerprints as file

    current = file.current(root)
    if action == "check":
        file.check(root, current)
        click.echo(f"fingerprints: {file.FILE} describes the library")
    elif action == "write":
        changed = file.write(root, current)
        click.echo(
            f"fingerprints: {file.FILE} " + (f"has new ones: {', '.join(changed)}" if changed else "is fresh")
        )
    else:
        click.echo(file.text(current), nl=False)
