"""The verbs that serve: `serve` and `try`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from collections.abc import Callable

BUNDLE = click.option(
    "--bundle", "directory", type=click.Path(path_type=Path), default=Path("models"), show_default=True,
    help="Directory of the model bundle.",
)  # fmt: skip


@click.command()
@BUNDLE
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option(
    "--port", type=click.IntRange(0, 65535), default=8000, show_default=True, help="0 finds a free one."
)
@click.option("--fd", type=click.IntRange(0), help="A bound socket that another process hands over.")
def serve(directory: Path, host: str, port: int, fd: int | None) -> None:
    """Answer predictions over HTTP until SIGTERM; requests in flight are finished.

    POST /predict; GET /, /docs, /healthz, /readyz, /version, /metrics. Logs go to stderr, as JSON lines.
    """
    from merge_lane.system.background import in_background

    run = in_background(_server)
    run(directory, host, port, fd, announce=_announce)


def _server() -> Callable[..., None]:
    """Import the server: seconds of work where another version may be serving beside."""
    from merge_lane.production.serve.server import serve as run

    return run


def _announce(address: str, model: str) -> None:
    click.echo(f"model {model[:12]} on {address}")


@click.command()
@BUNDLE
def try_(directory: Path) -> None:
    """Start the API on a free port, ask it for one prediction, show the answer, stop it."""
    from merge_lane.production.serve.trial import ask

    trial = ask(directory)
    click.echo(f"POST {trial.address}/predict")
    click.echo(_indented(trial.request))
    click.echo("answer")
    click.echo(_indented(trial.answer))
    click.echo("The server is stopped.")


def _indented(value: object) -> str:
    text = json.dumps(value, indent=2, ensure_ascii=False)
    return "\n".join(f"  {line}" for line in text.splitlines())
