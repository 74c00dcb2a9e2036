"""What a step gets from the machine that runs it."""

import os
import signal
import subprocess
import sys

import pytest

from merge_lane.errors import ProjectError
from merge_lane.forge import runner

WAITS = """\
import signal, sys
from merge_lane.forge import runner
signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
try:
    runner.run(sys.executable, "-c", sys.argv[1])
except runner.ProgramError as error:
    sys.exit(error.exit_code)
"""
# It blocks the signal and waits for it, so that none is lost between two instructions.
CHILD = """\
import signal, sys
signal.pthread_sigmask(signal.SIG_BLOCK, [signal.{name}])
print("ready", flush=True)
signal.sigwait([signal.{name}])
print("ended in order", flush=True)
sys.exit(7)
"""


def test_missing_variable_is_named(monkeypatch):
    """A step that lacks a variable names it, its meaning, and ends with 2."""
    monkeypatch.setenv("REPOSITORY", "")
    with pytest.raises(runner.InputError, match=r"REPOSITORY is not set \(owner/name\)") as error:
        runner.required("REPOSITORY", "owner/name")
    assert error.value.exit_code == 2


def test_empty_variable_takes_default(monkeypatch):
    """GitHub sets an unset variable to the empty text."""
    monkeypatch.setenv("BASE", "")
    assert runner.optional("BASE", "origin/main") == "origin/main"


def test_outputs_are_appended(monkeypatch, tmp_path):
    """Two calls leave the outputs of both."""
    monkeypatch.setenv("GITHUB_OUTPUT", str(tmp_path / "output"))
    runner.write_outputs(**{"pull-request": "7"})
    runner.write_outputs(built="true")
    assert (tmp_path / "output").read_text() == "pull-request=7\nbuilt=true\n"


def test_outputs_need_no_workflow(monkeypatch):
    """Run by a person, a step has nowhere to write outputs and goes on."""
    monkeypatch.delenv("GITHUB_OUTPUT", raising=False)
    runner.write_outputs(built="true")


@pytest.mark.parametrize("code", [1, 33])
def test_exit_code_is_the_programs(code):
    """A step ends with the exit code of the program that failed."""
    with pytest.raises(runner.ProgramError) as error:
        runner.run(sys.executable, "-c", f"raise SystemExit({code})")
    assert error.value.exit_code == code


def test_killed_program_has_the_shells_code():
    """A program that a signal ends has 128 and the signal's number, as in a shell."""
    with pytest.raises(runner.ProgramError) as error:
        runner.run(sys.executable, "-c", "import os, signal; os.kill(os.getpid(), signal.SIGKILL)")
    assert error.value.exit_code == 137


def test_missing_program_says_what_to_install(monkeypatch):
    """A program that does not exist is a sentence, not a traceback."""
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(runner.ProgramError, match="no-such-program") as error:
        runner.run("no-such-program")
    assert (error.value.exit_code, error.value.next) == (127, "install no-such-program, or run `make setup`")


def test_arguments_are_never_parsed(capfd):
    """A value with a shell's signs arrives as it is."""
    odd = "a b; echo $HOME `id` \"'\n"
    runner.run(sys.executable, "-c", "import sys; print(sys.argv[1:])", odd)
    assert capfd.readouterr().out == f"{[odd]}\n"


@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM"])
def test_program_may_end_in_order(name):
    """A cancelled step waits for its program: Terraform must be able to write its state."""
    command = [sys.executable, "-c", WAITS, CHILD.format(name=name)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, start_new_session=True) as process:
        assert process.stdout.readline() == "ready\n"
        # A terminal sends an interrupt to all; a SIGTERM reaches the step alone, which passes it on.
        send = os.killpg if name == "SIGINT" else os.kill
        send(process.pid, getattr(signal, name))
        text, _ = process.communicate(timeout=20)
    assert text == "ended in order\n"
    assert process.returncode == (7 if name == "SIGINT" else 143)


def test_standalone_prints_no_traceback(capsys):
    """A failure that a person can act on is printed, with its exit code."""

    def fail():
        raise ProjectError("No report.", next="make one")

    assert runner.standalone(fail) == 1
    assert capsys.readouterr().err == "error: No report.\n  next:  make one\n"
    assert runner.standalone(lambda: None) == 0
