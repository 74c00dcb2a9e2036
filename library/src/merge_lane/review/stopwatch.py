"""Times one-row predictions of two models in turns, each in a process of its own with its own code."""

from __future__ import annotations

import json
import statistics
import subprocess
from contextlib import ExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from merge_lane.errors import ReviewError
from merge_lane.review.models import command, environment

if TYPE_CHECKING:
    from pathlib import Path

ROUNDS, CALLS = 12, 25
"""The models take turns, so that a busy machine slows both: ROUNDS times CALLS predictions of one row."""


@dataclass(frozen=True)
class Timed:
    """Milliseconds of a one-row prediction: the median of each turn, of which the quietest counts."""

    base: float | None
    candidate: float


class Stopwatch:
    """A model in a process of its own that predicts one row at a time, on demand."""

    def __init__(self, code: Path, models: Path, rows: Path) -> None:
        self.process = subprocess.Popen(
            command("time", str(models), str(rows)),
            env=environment(code),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def __enter__(self) -> Stopwatch:
        """Wait until the model is loaded."""
        try:
            self._answer()
        except ReviewError:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        """End the process; closed input lets it finish by itself."""
        self.process.communicate(timeout=30)

    def median_ms(self, calls: int) -> float:
        """Return the median milliseconds of `calls` predictions."""
        assert self.process.stdin is not None
        self.process.stdin.write(f"{calls}\n")
        self.process.stdin.flush()
        return 1000 * float(statistics.median(self._answer()))

    def _answer(self) -> Any:
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        if line:
            return json.loads(line)
        error = self.process.stderr.read() if self.process.stderr else ""
        raise ReviewError(f"A model cannot be timed: {(error.strip().splitlines() or ['it ended'])[-1]}")


def timed(candidate: tuple[Path, Path], base: tuple[Path, Path] | None, rows: Path) -> Timed:
    """Time one-row predictions in turns; a model is (its code, its bundle). Raises ReviewError."""
    with ExitStack() as stack:
        watches = [
            stack.enter_context(Stopwatch(code, models, rows))
            for code, models in (candidate, base or candidate)
        ]
        turns = [[watch.median_ms(CALLS) for watch in watches] for _ in range(ROUNDS)]
    quietest = [min(column) for column in zip(*turns, strict=True)]
    return Timed(base=quietest[1] if base else None, candidate=quietest[0])
