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
    """What runs, by Terraform's outputs: images by digest, the canary's share in percent."""

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
        outputs = self.outputs()
        weights = outputs.get("traffic_weights_percent") or {}
        return Deployed(
            outputs.get("stable_image"), outputs.get("canary_image"), int(weights.get("canary", 0))
        )

    def outputs(self) -> dict[str, Any]:
        """Return all outputs by name."""
        outputs = json.loads(self._run("output", "-json", "-no-color"))
        return {name: one["value"] for name, one in outputs.items()}

    def apply(self, target: Deployed) -> None:
        """Make it so, and return once it is steady. Raises DeployError; the traffic then stays where it was.

        Raises BusyError where the state is locked: nothing was tried then, forwards or backwards.
        A state that could not be written is brought back after every apply, a failed one above all.
        """
        images = {"stable_image": target.stable, "canary_image": target.canary}
        variables = [f"-var={name}={image}" for name, image in images.items() if image is not None]
        variables.append(f"-var=canary_weight_percent={target.weight}")
        try:
            self._run("apply", "-auto-approve", "-input=false", "-no-color", *variables)
        finally:
            self._run("save-state")

    def _run(self, *arguments: str) -> str:
        script = self.root / "infra/terraform"
        command = [str(script), self.environment, *arguments]
        try:
            process = subprocess.run(
                command, capture_output=True, text=True, check=False, timeout=APPLY_SECONDS
            )
        except OSError as error:
            raise DeployError(
                f"{script} cannot be run: {error.strerror}.", where=str(script), next="restore it with git"
            ) from error
        if process.returncode:
            raise self._failed(arguments[0], process.stdout + process.stderr)
        return process.stdout

    def _failed(self, verb: str, output: str) -> ProjectError:
        where = f"infra/environment ({self.environment})"
        if lock := LOCK_ID.search(output) if "Error acquiring the state lock" in output else None:
            held = f"The state of {self.environment} is locked by {lock[1]}"
            unlock = f"infra/terraform {self.environment} force-unlock {lock[1]}"
            return BusyError(
                f"{held}: a previous apply was killed, or one runs now.",
                where=where,
                next=f"see that no apply runs, then {unlock}; the same command again goes on",
            )
        return DeployError(
            f"terraform {verb} failed for {self.environment}:\n{_tail(output)}",
            where=where,
            next="read Terraform's output; stable kept serving",
        )


def _tail(text: str) -> str:
    lines = [line for line in text.splitlines() if line.strip()]
    return "\n".join(lines[-TAIL_LINES:])
