"""Requests per second and latency of the API, against the model behind FastAPI as tutorials write it.

    python -m benchmarks.serving [--rounds 5] [--seconds 4]

The same model, the same test rows, one row a request, all servers in the same run: the rounds alternate
between them, and what counts is the median of the rounds' ratios. The servers have one core and the clients
another, where there are two. Before anything is timed, all must give the same predictions. The peers are in
`benchmarks/tutorial.py`.

- 16 clients, each asking again as soon as it is answered: how much a server can do, and how long one waits.
- 1 client: how long a request takes where nothing else waits.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import subprocess
import sys
import time
import urllib.error
import urllib.request
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from merge_lane.release.targets.net import free_port

from benchmarks import figures, scratch
from benchmarks.load import Load

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from benchmarks.load import Sample

OURS = "this project"
PEERS = {"FastAPI, pandas, XGBClassifier": "pandas", "FastAPI, ONNX Runtime": "onnx"}
CLIENTS = (16, 1)
WARM_SECONDS = 0.5  # of each load, not counted
START_SECONDS = 120.0
TOLERANCE = 1e-5  # ONNX Runtime and xgboost sum in another order
ASKED = 20  # requests whose predictions are compared


class Figure(NamedTuple):
    """What one load showed."""

    rate: float
    p50: float
    p99: float
    failed: int


Rounds = dict[tuple[int, str], list[Figure]]
"""(clients, server) -> its rounds."""


def cores() -> tuple[set[int], set[int]] | None:
    """Return the core of the servers and that of the clients; None where there are not two to be chosen."""
    if not hasattr(os, "sched_getaffinity"):
        return None
    mine = sorted(os.sched_getaffinity(0))
    return ({mine[0]}, {mine[1]}) if len(mine) > 1 else None


def commands(models: Path, ports: dict[str, int]) -> dict[str, list[str]]:
    """Return each server's command."""
    python = [sys.executable, "-m"]
    ours = [*python, "merge_lane", "serve"]
    ours += ["--bundle", str(models), "--port", str(ports[OURS])]
    peers = {
        name: [*python, "benchmarks.tutorial", str(models), str(ports[name]), kind]
        for name, kind in PEERS.items()
    }
    return {OURS: ours, **peers}


@contextmanager
def serving(models: Path) -> Iterator[dict[str, str]]:
    """Run all servers and yield name -> address."""
    ports = {name: free_port() for name in (OURS, *PEERS)}
    running = []
    try:
        for command in commands(models, ports).values():
            running.append(subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL))
            if pinned := cores():
                os.sched_setaffinity(running[-1].pid, pinned[0])
        yield {name: f"http://127.0.0.1:{port}" for name, port in ports.items()}
    finally:
        for process in running:
            process.terminate()
        for process in running:
            process.wait(30)


def predictions(url: str, body: str) -> list[Any]:
    """Return what a server answers; it may still be starting."""
    request = urllib.request.Request(  # noqa: S310 - loopback
        f"{url}/predict", body.encode(), {"Content-Type": "application/json"}
    )
    until = time.monotonic() + START_SECONDS
    while True:
        try:
            with urllib.request.urlopen(request, timeout=START_SECONDS) as answer:  # noqa: S310
                return list(json.loads(answer.read())["predictions"])
        except urllib.error.HTTPError:
            raise
        except (ConnectionError, urllib.error.URLError):
            if time.monotonic() > until:
                raise
            time.sleep(0.1)


def plain(prediction: Any) -> list[float]:
    """Return one prediction as numbers: multiclass is a probability by class here and a list there."""
    if isinstance(prediction, dict):
        prediction = list(prediction.values())
    return [float(value) for value in (prediction if isinstance(prediction, list) else [prediction])]


def compare(addresses: dict[str, str], bodies: Sequence[str]) -> None:
    """Raise ValueError where two servers predict differently: then they would not do the same work."""
    for body in bodies[:ASKED]:
        wanted = plain(predictions(addresses[OURS], body)[0])
        for name in PEERS:
            found = plain(predictions(addresses[name], body)[0])
            if not all(map(_close, found, wanted)) or len(found) != len(wanted):
                raise ValueError(f"{name} predicts {found}, {OURS} {wanted}")


def _close(one: float, other: float) -> bool:
    return math.isclose(one, other, rel_tol=TOLERANCE, abs_tol=TOLERANCE)


def measured(url: str, bodies: Sequence[str], clients: int, seconds: float) -> Figure:
    """Return what one load shows."""
    pinned = cores()
    with Load(url, bodies, clients=clients, cpus=pinned[1] if pinned else None) as load:
        load.wait()
        time.sleep(WARM_SECONDS + seconds)
    begin = min(sample.begun for sample in load.samples) + WARM_SECONDS
    counted: list[Sample] = figures.within(load.samples, [(begin, begin + seconds)])
    p50, p99 = (figures.milliseconds(counted, share) for share in (0.5, 0.99))
    return Figure(len(counted) / seconds, p50, p99, figures.failed(load.samples))


def measure(models: Path, bodies: Sequence[str], *, rounds: int, seconds: float) -> Rounds:
    """Return the rounds of every server, taken in turn."""
    found: Rounds = {(clients, name): [] for clients in CLIENTS for name in (OURS, *PEERS)}
    with serving(models) as addresses:
        compare(addresses, bodies)
        for _ in range(rounds):
            for clients, name in found:
                found[clients, name].append(measured(addresses[name], bodies, clients, seconds))
    return found


def told(rounds: Rounds) -> str:
    """Return the figures as text."""
    return "\n\n".join(_told(clients, rounds) for clients in CLIENTS)


def _told(clients: int, rounds: Rounds) -> str:
    lines = [
        (
            name,
            *(f"{figures.middle(getattr(each, key) for each in rounds[clients, name]):,.1f}" for key in KEYS),
        )
        for name in (OURS, *PEERS)
    ]
    head = (f"{clients} client{'s' * (clients > 1)}", "requests/s", "p50 ms", "p99 ms")
    return "\n".join([figures.table(head, lines), *(_ratios(clients, name, rounds) for name in PEERS)])


KEYS = ("rate", "p50", "p99")


def _ratios(clients: int, peer: str, rounds: Rounds) -> str:
    pairs = list(zip(rounds[clients, OURS], rounds[clients, peer], strict=True))
    rate = figures.median_ratio((ours.rate, theirs.rate) for ours, theirs in pairs)
    p50 = figures.median_ratio((theirs.p50, ours.p50) for ours, theirs in pairs)
    p99 = figures.median_ratio((theirs.p99, ours.p99) for ours, theirs in pairs)
    return f"against {peer}: {rate:.1f} times the requests, p50 {p50:.1f} and p99 {p99:.1f} times shorter"


def main(argv: Sequence[str] | None = None) -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=4, help="of each load")
    given = parser.parse_args(argv)
    print(f"serving: median of {given.rounds} rounds of {given.seconds:g} s; {figures.machine()}")
    rounds = measure(Path("models"), scratch.bodies(Path()), rounds=given.rounds, seconds=given.seconds)
    print(told(rounds))
    lost = sum(figure.failed for found in rounds.values() for figure in found)
    print(f"\n{lost} requests failed")
    return int(lost > 0)


if __name__ == "__main__":
    sys.exit(main())
