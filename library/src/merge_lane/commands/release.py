"""The verbs of the merge: `release`, `deploy`, `rollback`, `verify`, `status`, `stop`."""

from __future__ import annotations

import json
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from collections.abc import Iterator
    from contextlib import AbstractContextManager

    from merge_lane.release.environment import Environment
    from merge_lane.release.state_machine import Machine

ROOT = Path()
ENVIRONMENT = click.option(
    "--environment", "-e", "name", default="production", show_default=True, help="Which environment."
)
TARGET = click.option(
    "--target",
    default="local",
    show_default=True,
    help="Where it runs: local (processes on this machine) or aws (by Terraform).",
)
PORT = click.option("--port", type=click.IntRange(1, 65535), help="Port of a new local environment [8000].")
BY = click.option("--by", help="Who approved it [GITHUB_ACTOR, else git's user.name].")
WHY = click.option("--why", default="", help="The reason, for the record.")


@click.command()
@click.option("--image", help="Digest of the image that was pushed (sha256:…), where one is used.")
@click.option("--output", type=click.Path(path_type=Path), default=Path("release.json"), show_default=True)
@BY
def release(image: str | None, output: Path, by: str | None) -> None:
    """Write the release manifest of this commit: which model, data, contract, parameters and image."""
    from merge_lane.release import chain, manifest, worktree

    made = manifest.make(ROOT, image=image, by=by)
    worktree.restore(ROOT, made, click.echo)
    chain.check(chain.reviewed(ROOT, made))
    chain.check(chain.bundle(ROOT / "models", made))
    made.save(output)
    click.echo(f"release {made.id} in {output}")
    for key in ("commit", "model", "data", "contract", "params", "image"):
        click.echo(f"  {key:9} {getattr(made, key) or '-'}")


@click.command()
@ENVIRONMENT
@TARGET
@PORT
@BY
@WHY
@click.option("--manifest", type=click.Path(path_type=Path), default=Path("release.json"), show_default=True)
@click.option(
    "--baseline",
    help="Where nothing serves yet, deploy this revision first: a canary is compared with what serves.",
)
@click.option(
    "--replay/--wait-for-traffic",
    default=None,
    help="Send test rows while the canary is judged, or wait for callers [local: test rows; aws: callers].",
)
def deploy(
    *,
    name: str,
    target: str,
    port: int | None,
    by: str | None,
    why: str,
    manifest: Path,
    baseline: str | None,
    replay: bool | None,
) -> None:
    """Start the release next to the one that serves, judge it, and promote it or roll it back.

    After a kill, the same command continues where it stopped. Exit codes: 31 the identity chain is broken,
    32 it did not start, 33 judged and rolled back, 34 not judged in time, 35 another deploy is running.
    """
    from merge_lane.release.manifest import actor, load

    environment = _environment(name, target, port)
    candidate = load(manifest)
    by = by or actor(ROOT)
    click.echo(f"deploy {candidate.id} to {name} ({target}), approved by {by}")
    canary = baseline is not None or environment.target.stable() not in (None, candidate.id)
    with _traffic(environment, replay, canary=canary), _machine(environment) as machine:
        _deploy_baseline(environment, machine, baseline, by)
        machine.deploy(candidate, by=by, why=why)
    click.echo(f"{name} serves {candidate.id}")
    _describe(environment)


def _describe(environment: Environment) -> None:
    """Print where the environment answers and how it is stopped."""
    url = environment.target.url
    click.echo(f"  predictions  POST {url}/predict\n  try it       {url}/docs")
    if not environment.target.remote:
        click.echo(f"  stop it      merge-lane stop --environment {environment.name}")


def _deploy_baseline(environment: Environment, machine: Machine, baseline: str | None, by: str) -> None:
    """Deploy the baseline's commit, unless something serves already or the commit holds no release."""
    from merge_lane.errors import ProjectError
    from merge_lane.release.manifest import make

    if baseline is None or environment.target.stable() is not None:
        return
    try:
        previous = make(ROOT, baseline, by=by)
        machine.deploy(previous, by=by, why=f"the baseline {baseline}", direct=True, kind="baseline")
    except ProjectError as error:
        click.echo(f"no baseline, so no canary: {error.what}")


@click.command()
@ENVIRONMENT
@TARGET
@BY
@WHY
@click.option("--to", help="Id of the release to go back to, or its first letters [the previous one].")
def rollback(name: str, target: str, by: str | None, why: str, to: str | None) -> None:
    """Give the traffic back to the previous release at once: it was judged when it was deployed.

    Where a deployment was interrupted before its decision, only that deployment is undone.
    """
    from merge_lane.release.manifest import actor

    environment = _environment(name, target, None)
    with _machine(environment) as machine:
        settled = machine.settle()
        if settled is not None and not settled.decided and to is None:
            click.echo(
                f"the interrupted {settled.deployment} was undone; {environment.target.stable()} serves"
            )
            return
        previous = environment.previous(to)
        click.echo(f"roll {name} back to {previous.id}")
        machine.deploy(previous, by=by or actor(ROOT), why=why, direct=True, kind="rollback")
    click.echo(f"{name} serves {previous.id}")


@click.command()
@ENVIRONMENT
@TARGET
def verify(name: str, target: str) -> None:
    """Check the identity chain of the deployed release, link by link; exit 31 names the first broken one."""
    from merge_lane.release import chain

    environment = _environment(name, target, None)
    links = chain.check(environment.links(lambda: _registered(name)))
    for link in links:
        click.echo(f"  {'ok' if link.found is not None else 'not asked':9} {link.name} ({link.where})")
    click.echo(f"{name}: all {len(links)} links hold; it serves {environment.current().id}")


@click.command()
@ENVIRONMENT
@TARGET
def smoke(name: str, target: str) -> None:
    """Ask the deployed release for predictions of a few test rows; exit 32 at the first wrong answer."""
    from merge_lane.release import smoke as requests

    environment = _environment(name, target, None)
    answered = requests.check(environment.target.url, _requests(), environment.current(), name)
    click.echo(f"{name}: {answered} of {answered} requests were answered by {environment.current().id}")


@click.command()
@ENVIRONMENT
@TARGET
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def status(name: str, target: str, as_json: bool) -> None:
    """Print what serves, where a deployment stands, and the counts of each version."""
    from merge_lane.release import state

    environment = _environment(name, target, None)
    current = state.load(environment.folder)
    facts: dict[str, Any] = {
        "environment": name,
        "serves": environment.target.stable(),
        "step": str(current.step) if current else None,
        "deployment": current.deployment if current else None,
        "counts": environment.target.counts(),
        "record": environment.record.entries()[-5:],
    }
    click.echo(json.dumps(facts, indent=2) if as_json else _summary(facts))


@click.command()
@ENVIRONMENT
def stop(name: str) -> None:
    """Stop a local environment: router and servers. The next deploy or rollback starts them again."""
    from merge_lane.release.environment import FOLDER
    from merge_lane.release.targets.local.target import LocalTarget

    LocalTarget(ROOT.resolve() / FOLDER / name, ROOT.resolve()).stop()
    click.echo(f"{name} is stopped")


def _environment(name: str, target: str, port: int | None) -> Environment:
    from merge_lane.release.environment import FOLDER, Environment
    from merge_lane.release.targets import connect

    root = ROOT.resolve()
    opened = connect(target, root / FOLDER / name, root, port=port, requests=_requests)
    return Environment(name, root, opened)


@contextmanager
def _machine(environment: Environment) -> Iterator[Machine]:
    """Yield the state machine; state and record are kept before each step and at the end."""
    from merge_lane import settings
    from merge_lane.release.registry import Mirror, Registry, uri_of
    from merge_lane.release.state_machine import Machine

    mirror = Mirror(Registry(environment.root, uri_of(ROOT)), environment.name, click.echo)
    limits = settings.load(ROOT / "params.yaml").canary
    machine = Machine(environment.folder, environment.target, environment.record, limits, click.echo, mirror)
    machine.before = lambda _step: environment.target.keep()
    try:
        yield machine
    finally:
        environment.target.keep()


def _registered(name: str) -> str | None:
    from merge_lane.release.registry import Registry, bounded, uri_of

    uri = uri_of(ROOT)
    model: str | None = bounded(uri, lambda: Registry(ROOT, uri).served(name))
    return model


def _traffic(
    environment: Environment, replay: bool | None, *, canary: bool
) -> AbstractContextManager[object]:
    """Send test rows while the canary is judged: where asked to, and on this machine by default."""
    if replay is None:
        replay = canary and not environment.target.remote
        if replay:
            click.echo("no users here: test rows are sent as traffic (--wait-for-traffic waits for callers)")
    if not replay:
        return nullcontext()
    from merge_lane.release.replay import Replay

    return Replay(environment.target.url, _requests())


def _requests() -> list[bytes]:
    from merge_lane.data.columns import Schema
    from merge_lane.release.replay import bodies
    from merge_lane.system.files import read_json

    schema = Schema.from_json(read_json(ROOT / "models/contract.json"))
    return bodies(ROOT / "data/features.parquet", schema)


def _summary(facts: dict[str, Any]) -> str:
    lines = [f"{facts['environment']} serves {facts['serves'] or 'nothing'}"]
    if facts["step"] not in (None, "done"):
        lines.append(f"  {facts['deployment']} stands at: {facts['step']}")
    for name, counts in facts["counts"].items():
        requests = f"{counts['requests']} requests, {counts['errors']} errors, {counts['rejected']} refused"
        lines.append(f"  {name}: {requests}")
    lines += [f"  {entry['at']} {entry['event']} {entry.get('release', '')}" for entry in facts["record"]]
    return "\n".join(lines)
