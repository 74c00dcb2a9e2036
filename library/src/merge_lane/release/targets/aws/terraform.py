"""Terraform as the hand of the state machine: one apply per move, what it left behind saved after each."""

from __future__ import annotations

import json
import re
import subprocess
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from merge_lane.errors import BusyError, DeployError

if TYPE_CHECKING:
    from pathlib import Path

    from merge_lane.errors import ProjectError

APPLY_SECONDS = 3600.0  # Terraform's own time limits end an apply long before
TAIL_LINES = 12
LOCK_ID = re.compile(r"^\W*ID:\s+(\S+)", re.MULTILINE)


@dataclass(frozen=True)
class Deployed:
    """What runs, as Terraform's outputs say: images by digest, the canary's share in percent."""

    stable: str | None = None
    canary: str | None = None
    weight: int = 0


@dataclass(frozen=True)
class Terraform:
    """Runs `infra/terraform ENVIRONMENT`, as people do."""

    root: Path
    environment: str

    def deployed(self) -> Deployed:
        """Return what runs now; nothing before the first apply."""
        said = self.outputs()
        weights = said.get("traffic_weights_percent") or {}
        return Deployed(said.get("stable_image"), said.get("canary_image"), int(weights.get("canary", 0)))

    def outputs(self) -> dict[str, Any]:
        """Return all outputs by name."""
        said = json.loads(self._run("output", "-json", "-no-color"))
        return {name: one["value"] for name, one in said.items()}

    def apply(self, wanted: Deployed) -> None:
        """Make it so, and return once it is steady. Raises DeployError; the traffic then stays where it was.

        Raises BusyError where the state is locked: nothing was tried then, forwards or backwards.
        A state that could not be written is brought back after every apply, a failed one above all.
        """
        given = {"stable_image": wanted.stable, "canary_image": wanted.canary}
        words = [f"-var={name}={image}" for name, image in given.items() if image is not None]
        words.append(f"-var=canary_weight_percent={wanted.weight}")
        try:
            self._run("apply", "-auto-approve", "-input=false", "-no-color", *words)
        finally:
            self._run("save-state")

    def _run(self, *words: str) -> str:
        script = self.root / "infra/terraform"
        command = [str(script), self.environment, *words]
        try:
            done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=APPLY_SECONDS)
        except OSError as error:
            raise DeployError(
                f"{script} cannot be run: {error.strerror}.", where=str(script), next="restore it with git"
            ) from error
        if done.returncode:
            raise self._failed(words[0], done.stdout + done.stderr)
        return done.stdout

    def _failed(self, verb: str, said: str) -> ProjectError:
        where = f"infra/environment ({self.environment})"
        if lock := LOCK_ID.search(said) if "Error acquiring the state lock" in said else None:
            held = f"The state of {self.environment} is locked by {lock[1]}"
            unlock = f"infra/terraform {self.environment} force-unlock {lock[1]}"
            return BusyError(
                f"{held}: a former apply was killed, or one runs now.",
                where=where,
                next=f"see that no apply runs, then {unlock}; the same command again goes on",
            )
        return DeployError(
            f"terraform {verb} failed for {self.environment}:\n{_tail(said)}",
            where=where,
            next="read what Terraform says; stable kept serving",
        )


def _tail(text: str) -> str:
    lines = [line for line in text.splitlines() if line.strip()]
    return "\n".join(lines[-TAIL_LINES:])
