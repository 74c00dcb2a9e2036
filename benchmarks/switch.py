"""Latency while a release takes over, against that while nothing happens, under constant load.

    python -m benchmarks.switch [--deploys 6] [--rate 200] [--rest 8]

A copy of the last commit is served by the local target and deployed several times with `merge-lane deploy`,
then rolled back with `merge-lane rollback`, while another process sends test rows.

- *Steady* is the time before each switch in which no command runs; the second after a command is left out.
- The *switch* is the time from the start of the command to its end, without the analysis of the canary, which
  is quiet and as long as the canary's sample is large. The switch contains the start of the command itself,
  copying and checking the release, starting its server, and the takeover.
- A request belongs to the window in which it began; its latency counts until its answer is whole.

The output has p50 and p99 of all rounds together and of each step, and the median of the rounds' own ratios:
other programs on the machine disturb both sides of a round. Exit code 1: a request was not answered with 200.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from merge_lane.release.state import Step
from merge_lane.release.targets.net import free_port
from merge_lane.repository import code

from benchmarks import figures, scratch
from benchmarks.load import Load

if TYPE_CHECKING:
    from collections.abc import Sequence

    from benchmarks.load import Sample

    Window = tuple[float, float]

ENVIRONMENT = "benchmark"
CLIENTS = 16
CALM_SECONDS = 1.0  # after a command, before the time counts as steady
COMMAND = "command"
"""The time before the first step and after the last: the start of the command itself, and its end."""


@dataclass
class Round:
    """One switch: the steady time before it, and each of its steps."""

    kind: str
    steady: Window
    steps: list[tuple[str, Window]] = field(default_factory=list)

    @property
    def switch(self) -> list[Window]:
        """Return the windows of the switch."""
        return [window for step, window in self.steps if step != Step.ANALYSE]

    @property
    def seconds(self) -> float:
        """Return how long the switch took."""
        return sum(end - begin for begin, end in self.switch)


class Lane:
    """One environment of a project on this machine, driven by the command line."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self._variables = {**os.environ, **code.environment(root)}

    def release(self, name: str) -> None:
        """Commit a release that differs in nothing but its commit."""
        scratch.git(self.root, "commit", "--quiet", "--allow-empty", "--message", name)
        self.run("release", "--output", str(self.root / "release.json"))

    def deploy(self) -> list[tuple[str, Window]]:
        """Deploy the release; return its steps and when they were."""
        return self.run(
            "deploy", "--environment", ENVIRONMENT, "--port", str(self.port), "--wait-for-traffic"
        )

    def rollback(self) -> list[tuple[str, Window]]:
        """Go back to the release before; return the steps and when they were."""
        return self.run("rollback", "--environment", ENVIRONMENT)

    def stop(self) -> None:
        """Serve no more."""
        self.run("stop", "--environment", ENVIRONMENT)

    def run(self, *arguments: str) -> list[tuple[str, Window]]:
        """Run a verb; return the steps that it names and when they were. Raises CalledProcessError."""
        command = [sys.executable, "-m", "merge_lane", *arguments]
        steps, lines = [(COMMAND, time.monotonic())], []
        with subprocess.Popen(
            command,
            cwd=self.root,
            env=self._variables,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        ) as process:
            assert process.stdout
            for line in process.stdout:
                lines.append(line)
                name = line.partition(":")[0]
                if name in set(Step):
                    steps.append((name, time.monotonic()))
                elif line.startswith(f"{ENVIRONMENT} serves"):
                    steps.append((COMMAND, time.monotonic()))
        if process.returncode:
            raise subprocess.CalledProcessError(process.returncode, command, "".join(lines))
        ends = [begin for _, begin in steps[1:]] + [time.monotonic()]
        return [(name, (begin, end)) for (name, begin), end in zip(steps, ends, strict=True)]


def measure(
    lane: Lane, bodies: Sequence[str], *, deploys: int, rate: float, rest: float
) -> tuple[list[Round], list[Sample]]:
    """Deploy, go back once, and return the rounds and all requests."""
    lane.release("first")
    lane.deploy()
    rounds = []
    with Load(lane.url, bodies, clients=CLIENTS, rate=rate) as load:
        load.wait()
        for number in range(deploys + 1):
            back = number == deploys
            if not back:
                lane.release(f"number {number + 1}")
            time.sleep(CALM_SECONDS)
            begin = time.monotonic()
            time.sleep(rest)
            steady = (begin, time.monotonic())
            rounds.append(
                Round("rollback" if back else "deploy", steady, lane.rollback() if back else lane.deploy())
            )
            print(f"{rounds[-1].kind}: {rounds[-1].seconds:.1f} s", file=sys.stderr)
        time.sleep(CALM_SECONDS)
    return rounds, load.samples


def summary(rounds: Sequence[Round], samples: Sequence[Sample]) -> str:
    """Return the figures as text."""
    windows: dict[str, list[Window]] = defaultdict(list)
    for each in rounds:
        windows["steady"].append(each.steady)
        windows["switch"] += each.switch
        for step, window in each.steps:
            windows[f"  {step}"].append(window)
    lines = [_line(name, figures.within(samples, spans), spans) for name, spans in windows.items()]
    head = ("", "seconds", "requests", "failed", "p50 ms", "p99 ms")
    return "\n".join([figures.table(head, lines), "", *_ratios(rounds, samples)])


def _line(name: str, samples: Sequence[Sample], windows: Sequence[Window]) -> tuple[str, ...]:
    seconds = sum(end - begin for begin, end in windows)
    latencies = (f"{figures.milliseconds(samples, share):.1f}" for share in (0.5, 0.99))
    return (name, f"{seconds:.1f}", str(len(samples)), str(figures.failed(samples)), *latencies)


def _ratios(rounds: Sequence[Round], samples: Sequence[Sample]) -> list[str]:
    lines = []
    for share, name in ((0.5, "p50"), (0.99, "p99")):
        pairs = [
            tuple(
                figures.milliseconds(figures.within(samples, spans), share)
                for spans in (each.switch, [each.steady])
            )
            for each in rounds
        ]
        steady = figures.within(samples, [each.steady for each in rounds])
        switch = figures.within(samples, [window for each in rounds for window in each.switch])
        together = figures.milliseconds(switch, share) / figures.milliseconds(steady, share)
        each_one = figures.median_ratio((switch, steady) for switch, steady in pairs)
        lines.append(
            f"{name}, switch to steady: {together:.2f} of all requests together, "
            f"{each_one:.2f} in the median round"
        )
    return lines


def main(argv: Sequence[str] | None = None) -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--deploys", type=int, default=6)
    parser.add_argument("--rate", type=float, default=200, help="requests per second")
    parser.add_argument("--rest", type=float, default=8, help="seconds of steady time before each switch")
    options = parser.parse_args(argv)
    load = f"{options.rate:g} requests/s; {figures.machine()}"
    print(f"switch: {options.deploys} deploys and a rollback at {load}")
    with tempfile.TemporaryDirectory() as folder:
        lane = Lane(scratch.copy(Path(), Path(folder)))
        try:
            rounds, samples = measure(
                lane, scratch.bodies(Path()), deploys=options.deploys, rate=options.rate, rest=options.rest
            )
        finally:
            lane.stop()
    print(summary(rounds, samples))
    lost = figures.failed(samples)
    print(f"{len(samples)} requests, {lost} failed")
    return int(lost > 0)


if __name__ == "__main__":
    sys.exit(main())
