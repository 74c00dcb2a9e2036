"""What a workflow's step gets from the machine that runs it: variables, programs, a file for its outputs.

A step takes its values from the environment, because a branch may be called anything: no value of a person is
ever part of a shell line. Standard library only: some steps run before anything is installed.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from merge_lane.errors import ProjectError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

NOT_FOUND = 127  # the shell's exit code for a program that does not exist
SIGNALLED = 128  # the shell adds the number of the signal that ended a program


class InputError(ProjectError):
    """A variable that a step reads is missing or unusable, or so is the file that it names."""

    exit_code = 2


class ProgramError(ProjectError):
    """A program that a step ran failed and printed why. The step ends with the program's exit code."""

    def __init__(self, command: str, code: int, next: str = "read its message above") -> None:  # noqa: A002
        super().__init__(f"`{command}` failed with exit code {code}.", next=next)
        self.exit_code = code


def required(name: str, meaning: str) -> str:
    """Return a variable of the environment. Raises InputError where it is empty or not set."""
    value = os.environ.get(name)
    if not value:
        raise InputError(f"The variable {name} is not set ({meaning}).", next=f"run the step with {name}=…")
    return value


def optional(name: str, default: str = "") -> str:
    """Return a variable of the environment, or the default where it is empty or not set."""
    return os.environ.get(name) or default


def write_outputs(**values: str) -> None:
    """Set the outputs of the step, where a workflow runs it."""
    _append("GITHUB_OUTPUT", "".join(f"{name}={value}\n" for name, value in values.items()))


def write_summary(text: str) -> None:
    """Add a text to the summary of the run, where a workflow runs the step."""
    _append("GITHUB_STEP_SUMMARY", text)


def _append(variable: str, text: str) -> None:
    if target := os.environ.get(variable):
        with Path(target).open("a", encoding="utf-8") as stream:
            stream.write(text)


def run(*command: str) -> None:
    """Run a program and show what it prints. Raises ProgramError with its exit code where it fails."""
    path = f"{os.environ.get('PATH', os.defpath)}{os.pathsep}{Path(sys.executable).parent}"
    sys.stdout.flush()
    code = _exit_code(command, {**os.environ, "PATH": path})
    if code:
        raise ProgramError(" ".join(command[:2]), code)


def _exit_code(command: tuple[str, ...], environment: Mapping[str, str]) -> int:
    program = shutil.which(command[0], path=environment["PATH"])
    if program is None:
        raise ProgramError(command[0], NOT_FOUND, next=f"install {command[0]}, or run `make setup`")
    with subprocess.Popen([program, *command[1:]], env=environment) as process:
        try:
            code = _wait(process)
        except BaseException:
            process.terminate()
            raise
    return code if code >= 0 else SIGNALLED - code


def _wait(process: subprocess.Popen[bytes]) -> int:
    """Wait for the program. An interrupt reaches it too: to kill it here would cut Terraform's apply off."""
    while True:
        try:
            return process.wait()
        except KeyboardInterrupt:
            continue


def standalone(step: Callable[[], None]) -> int:
    """Run a step as `python -m` does and return its exit code; a person's mistake prints no traceback."""
    try:
        step()
    except ProjectError as error:
        print(f"error: {error}", file=sys.stderr)
        return error.exit_code
    return 0
