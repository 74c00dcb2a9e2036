"""The group `ci`: one line in the help, and every step explains itself."""

import re
import subprocess
import sys

import click
import pytest

from merge_lane.cli import main
from merge_lane.commands.ci import STEPS, ci

PROBE = """
import sys
from merge_lane.cli import main
main(["ci", "--help"])
print([name for name in sys.modules if name.startswith("merge_lane.forge")])
"""


def test_help_imports_no_step():
    """The list of the steps is instant."""
    command = [sys.executable, "-c", PROBE]
    result = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
    assert result.stdout.splitlines()[-1] == "[]"


def test_help_lists_every_step(capsys):
    """In the order of work, each with what it does."""
    assert main(["ci", "--help"]) == 0
    text = capsys.readouterr().out
    assert re.findall(r"^  ([a-z-]+) +[A-Z]", text.partition("Steps:")[2], re.MULTILINE) == list(STEPS)


def test_the_first_help_is_not_flooded(capsys):
    """`merge-lane --help` has one line for all steps."""
    assert main(["--help"]) == 0
    text = capsys.readouterr().out
    assert len(re.findall(r"^  ci ", text, re.MULTILINE)) == 1
    assert "fork-report" not in text


@pytest.mark.parametrize("step", STEPS)
def test_every_step_explains_itself(step, capsys):
    """Its help says what it does, and names the variables that it reads."""
    assert main(["ci", step, "--help"]) == 0
    text = capsys.readouterr().out
    assert f" ci {step} [OPTIONS]" in text
    assert re.search(r"\bReads\s+[A-Z_]{2}", text)


def test_unknown_step_is_refused(capsys):
    """A mistyped step ends with 2 and a sentence."""
    assert ci.get_command(click.Context(ci), "frobnicate") is None
    assert main(["ci", "frobnicate"]) == 2
    assert "No such command 'frobnicate'" in capsys.readouterr().err


def test_step_takes_no_argument(capsys):
    """A value comes from the environment only."""
    assert main(["ci", "pass", "origin/$(id)"]) == 2
    assert "unexpected extra argument" in capsys.readouterr().err


@pytest.mark.parametrize(("needs", "code"), [("", 2), ("{}", 1)])
def test_exit_code_is_the_steps(needs, code, monkeypatch, capsys):
    """The command ends with the code of the cause, and prints no traceback."""
    monkeypatch.setenv("NEEDS", needs)
    monkeypatch.delenv("GITHUB_STEP_SUMMARY", raising=False)
    assert main(["ci", "pass"]) == code
    assert capsys.readouterr().err.startswith("error: ")
