"""The verbs that check stored files and log models."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from merge_lane.errors import TrackingError


@click.command("verify-data")
@click.option("--root", type=click.Path(path_type=Path), default=Path(), help="The project's root.")
@click.option("--stage", "stages", multiple=True, help="Only this stage of dvc.yaml; may be repeated.")
@click.option("--allow-missing", is_flag=True, help="Accept files that were not pulled.")
def verify_data(root: Path, stages: tuple[str, ...], allow_missing: bool) -> None:
    """Re-hash every file that dvc.lock names, here and in the local cache."""
    from merge_lane.repository import integrity

    report = integrity.verify(root, stages or None, progress=_show if sys.stderr.isatty() else None)
    report.require(allow_missing=allow_missing)
    click.echo(f"verify-data: {report.files} files and {report.cached} cache objects are what dvc.lock names")
    if report.missing:
        click.echo(f"verify-data: {len(report.missing)} files are not here (dvc pull fetches them)")
    if report.unchecked:
        click.echo(f"verify-data: not checked, kept outside: {', '.join(report.unchecked)}")


@click.command()
@click.option("--root", type=click.Path(path_type=Path), default=Path(), help="The project's root.")
@click.option("--warn-only", is_flag=True, help="A tracking server that fails is a warning, not an error.")
def track(root: Path, warn_only: bool) -> None:
    """Log the run and its model to MLflow, once per model."""
    from merge_lane import tracking

    try:
        tracked = tracking.track(root)
    except TrackingError as error:
        if not warn_only:
            raise
        click.echo(f"warning: {error}", err=True)
        return
    state = "logged as" if tracked.created else "was logged before, as"
    click.echo(f"track: the model {state} run {tracked.run_id} in {tracked.uri}")


def _show(checked: int, total: int) -> None:
    click.echo(f"\rverify-data: {checked}/{total}", err=True, nl=checked == total)
