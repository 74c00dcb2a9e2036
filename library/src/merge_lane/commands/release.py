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
    from merge_lane.release.targets import Target
    from merge_lane.release.targets.aws.vault import Vault

ROOT = Path()
ENVIRONMENT = click.option(
    "--environment", "-e", "name", default="production", show_default=True, help="Which environment."
)
TARGET = click.option(
    "--target",
    type=click.Choice(["local", "aws"]),
    default="local",
    show_default=True,
    help="Where it runs: processes on this machine, or AWS by Terraform.",
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
    from merge_lane.release import chain, manifest

    made = manifest.make(ROOT, image=image, by=by)
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
    "--baseline", help="Where nothing serves yet, deploy this revision first: a canary needs a stable."
)
@click.option("--replay", is_flag=True, help="Send test rows of the last month while the canary is judged.")
def deploy(
    *,
    name: str,
    target: str,
    port: int | None,
    by: str | None,
    why: str,
    manifest: Path,
    baseline: str | None,
    replay: bool,
) -> None:
    """Start the release beside the one that serves, judge it, and promote it or roll it back.

    Killed anywhere, the same command goes on where it was. Exit codes: 31 the identity chain is broken,
    32 it could not be started, 33 judged and rolled back, 34 not to be judged, 35 another deploy is running.
    """
    from merge_lane.release.manifest import actor, load

    environment = _environment(name, target, port)
    wanted = load(manifest)
    by = by or actor(ROOT)
    click.echo(f"deploy {wanted.id} to {name} ({target}), approved by {by}")
    with _traffic(environment, replay), _machine(environment) as machine:
        _lay_baseline(environment, machine, baseline, by)
        machine.deploy(wanted, by=by, why=why)
    click.echo(f"{name} serves {wanted.id}")


def _lay_baseline(environment: Environment, machine: Machine, baseline: str | None, by: str) -> None:
    """Deploy what the baseline's commit holds, unless something serves already or it holds no release."""
    from merge_lane.errors import ProjectError
    from merge_lane.release.manifest import make

    if baseline is None or environment.target.stable() is not None:
        return
    try:
        former = make(ROOT, baseline, by=by)
        machine.deploy(former, by=by, why=f"the baseline {baseline}", direct=True, kind="baseline")
    except ProjectError as error:
        click.echo(f"no baseline, so no canary: {error.what}")


@click.command()
@ENVIRONMENT
@TARGET
@BY
@WHY
@click.option("--to", help="Id of the release to go back to, or how it begins [the one before].")
def rollback(name: str, target: str, by: str | None, why: str, to: str | None) -> None:
    """Give the traffic back to the release before, at once: it was judged when it came.

    A deployment that was interrupted before its decision is undone, and that is all.
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
        former = environment.former(to)
        click.echo(f"roll {name} back to {former.id}")
        machine.deploy(former, by=by or actor(ROOT), why=why, direct=True, kind="rollback")
    click.echo(f"{name} serves {former.id}")


@click.command()
@ENVIRONMENT
@TARGET
def verify(name: str, target: str) -> None:
    """Check the identity chain of what is deployed, link by link; exit 31 names the first that is broken."""
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
    """Ask what is deployed for predictions of a few test rows; exit 32 at the first wrong answer."""
    from merge_lane.release import smoke as requests

    environment = _environment(name, target, None)
    answered = requests.check(environment.target.url, _requests(), environment.current(), name)
    click.echo(f"{name}: {answered} of {answered} requests were answered by {environment.current().id}")


@click.command()
@ENVIRONMENT
@TARGET
@click.option("--json", "as_json", is_flag=True, help="For machines.")
def status(name: str, target: str, as_json: bool) -> None:
    """Say what serves, what is being deployed, and what was counted of each."""
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
    click.echo(json.dumps(facts, indent=2) if as_json else _told(facts))


@click.command()
@ENVIRONMENT
def stop(name: str) -> None:
    """Stop a local environment: router and servers. The next deploy or rollback starts them again."""
    from merge_lane.release.targets.local.target import LocalTarget

    target = _target(name, "local", None)
    assert isinstance(target, LocalTarget)
    target.stop()
    click.echo(f"{name} is stopped")


def _environment(name: str, target: str, port: int | None) -> Environment:
    from merge_lane.release.environment import Environment

    return Environment(name, ROOT.resolve(), _target(name, target, port))


def _target(name: str, target: str, port: int | None) -> Target:
    from merge_lane.release.environment import FOLDER
    from merge_lane.release.targets.local.target import LocalTarget

    if target == "aws":
        return _aws(ROOT.resolve() / FOLDER / name)
    return LocalTarget(ROOT.resolve() / FOLDER / name, ROOT.resolve(), port=port)


def _aws(folder: Path) -> Target:
    import os

    from merge_lane.release.targets.aws.target import URL_VARIABLE, AwsTarget, counter

    url = os.environ.get(URL_VARIABLE)
    if not url:
        raise click.UsageError(f"{URL_VARIABLE} must be the address of the API, https://…")

    _vault(folder).pull()
    return AwsTarget(folder, ROOT.resolve(), url, _requests, counter(folder.name, ROOT.resolve()))


def _vault(folder: Path) -> Vault:
    """Return where state and record of an environment on AWS are kept."""
    import os

    import boto3

    from merge_lane.release.targets.aws.vault import Vault

    bucket = os.environ.get("TF_STATE_BUCKET")
    if not bucket:
        raise click.UsageError("TF_STATE_BUCKET must name the bucket that keeps state and record")
    return Vault(folder, bucket, boto3.client("s3"))


@contextmanager
def _machine(environment: Environment) -> Iterator[Machine]:
    """Yield the state machine; what it keeps on AWS is stored before each step and at the end."""
    from merge_lane import settings
    from merge_lane.release.registry import Mirror, Registry, uri_of
    from merge_lane.release.state_machine import Machine

    mirror = Mirror(Registry(environment.root, uri_of(ROOT)), environment.name, click.echo)
    limits = settings.load(ROOT / "params.yaml").canary
    machine = Machine(environment.folder, environment.target, environment.record, limits, click.echo, mirror)
    if not environment.target.remote:
        yield machine
        return
    vault = _vault(environment.folder)
    machine.before = lambda _step: vault.push()
    try:
        yield machine
    finally:
        vault.push()


def _registered(name: str) -> str | None:
    from merge_lane.release.registry import Registry, bounded, uri_of

    uri = uri_of(ROOT)
    found: str | None = bounded(uri, lambda: Registry(ROOT, uri).served(name))
    return found


def _traffic(environment: Environment, replay: bool) -> AbstractContextManager[object]:
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


def _told(facts: dict[str, Any]) -> str:
    lines = [f"{facts['environment']} serves {facts['serves'] or 'nothing'}"]
    if facts["step"] not in (None, "done"):
        lines.append(f"  {facts['deployment']} stands at: {facts['step']}")
    for name, counts in facts["counts"].items():
        words = f"{counts['requests']} requests, {counts['errors']} errors, {counts['rejected']} refused"
        lines.append(f"  {name}: {words}")
    lines += [f"  {entry['at']} {entry['event']} {entry.get('release', '')}" for entry in facts["record"]]
    return "\n".join(lines)
