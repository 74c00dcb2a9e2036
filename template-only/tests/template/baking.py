"""Generates projects from the live tree, as a person does, with a home folder of their own."""

import importlib.util
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

LIVE = Path(__file__).resolve().parents[3]


def module(path, name):
    """Import a file that is no part of a package."""
    spec = importlib.util.spec_from_file_location(name, LIVE / path)
    loaded = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(loaded)
    return loaded


assembly = module("hooks/pre_prompt.py", "template_only_pre_prompt")
pins = module("library/src/merge_lane/template/pins.py", "template_only_pins")


def run(*command, cwd, seconds=280, **extra):
    """Run a command and return its result. It sees no configuration of this machine's user."""
    home = Path(cwd, "home") if Path(cwd, "home").exists() else Path(tempfile.gettempdir())
    kept = {key: value for key, value in os.environ.items() if not key.startswith(("GIT_", "COOKIECUTTER"))}
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    own = {"HOME": str(home), "GIT_CONFIG_NOSYSTEM": "1", "PWD": str(cwd), "PATH": path}
    return subprocess.run(
        [str(part) for part in command],
        check=False,
        cwd=cwd,
        env={**kept, **own, **extra},
        capture_output=True,
        text=True,
        timeout=seconds,
    )


def ok(*command, cwd, **extra):
    """Run a command that must succeed; return what it printed."""
    result = run(*command, cwd=cwd, **extra)
    assert result.returncode == 0, f"{command}\n{result.stdout}\n{result.stderr}"
    return result.stdout


def commit(directory, message="A change"):
    """Commit all that is there, as somebody."""
    who = ["-c", "user.name=Somebody", "-c", "user.email=somebody@localhost"]
    ok("git", "add", "--all", cwd=directory)
    ok("git", *who, "commit", "--quiet", "--allow-empty", "--message", message, cwd=directory)


def live_copy(target):
    """Put a clone of the live tree, as it is in the work tree, at `target`."""
    for path in assembly.live_files(LIVE):
        (target / path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(LIVE / path, target / path)
    ok("git", "init", "--quiet", "--initial-branch=main", cwd=target)
    commit(target, "The live tree")
    return target


def bake(source, into, *options, **answers):
    """Generate a project out of `source` in the directory `into`, and return its path."""
    (into / "home").mkdir(parents=True, exist_ok=True)
    before = set(into.iterdir())
    message = ok(*cookiecutter(source, *options, **answers), cwd=into)
    (made,) = {path for path in into.iterdir() if path.name != "home"} - before
    (into / "home" / "message").write_text(message)
    return made


def message(project):
    """Return what generation printed."""
    return (project.parent / "home" / "message").read_text()


def refusal(source, into, *options, **answers):
    """Return the message where nothing can be generated."""
    (into / "home").mkdir(parents=True, exist_ok=True)
    result = run(*cookiecutter(source, *options, **answers), cwd=into)
    assert result.returncode == 1, result.stdout
    return result.stdout + result.stderr


def cookiecutter(source, *options, **answers):
    """Return the command line."""
    pairs = [f"{question}={answer}" for question, answer in answers.items()]
    quiet = [] if "--replay" in options else ["--no-input"]
    return [sys.executable, "-m", "cookiecutter", source, *quiet, *options, *pairs]


def files(directory):
    """Return path -> (bytes, executable) of a project, without git's files and the record of its origin."""
    paths = (path for path in sorted(directory.rglob("*")) if path.is_file())
    inside = {path.relative_to(directory).as_posix(): path for path in paths}
    return {
        name: (path.read_bytes(), bool(path.stat().st_mode & 0o100))
        for name, path in inside.items()
        if not name.startswith(".git/") and name != ".cruft.json"
    }


def own_files(directory):
    """Return the same without the library: its wheel, and its lines in the locks."""
    kept = {path: entry for path, entry in files(directory).items() if not path.startswith("vendor/")}
    for lock in pins.LOCKS:
        text, executable = kept[lock][0].decode(), kept[lock][1]
        kept[lock] = (pins.unpinned(text).encode(), executable)
    return kept


def expected(directory):
    """Return the same of a live tree: what ships; the overlay's files take the place of their namesakes."""
    paths = assembly.shipped(assembly.live_files(directory))
    return {
        path: ((directory / live).read_bytes(), bool((directory / live).stat().st_mode & 0o100))
        for path, live in paths.items()
    }


def make(ready, *targets, seconds=280):
    """Run targets of the project's Makefile with the borrowed tools."""
    project, variables = ready
    return ok("make", "-o", ".venv/.ready", *targets, cwd=project, seconds=seconds, **variables)
