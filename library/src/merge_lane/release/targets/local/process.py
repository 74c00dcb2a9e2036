"""A process that outlives the command that started it, and is recognised again after a kill at any moment.

A process holds the lock NAME.lock for as long as it lives, through `exec`: the lock says whether it lives,
and no number of a dead process is ever mistaken for it. Two starts at once leave one process.
"""

from __future__ import annotations

import fcntl
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

LOCK_SECONDS = 1.0  # `alive` holds the lock for microseconds; a start waits that out
POLL_SECONDS = 0.02
FIRST_SECONDS = 10.0  # for the number to appear after the lock was taken
STOP_SECONDS = 15.0  # to end what is under way; then it is killed


def start(folder: Path, name: str, command: list[str], variables: dict[str, str] | None = None) -> None:
    """Start `command` detached, with more environment variables, unless NAME lives. It logs to NAME.log."""
    if alive(folder, name) is not None:
        return
    folder.mkdir(parents=True, exist_ok=True)
    shim = [
        sys.executable,
        "-m",
        "merge_lane.release.targets.local.process",
        str(folder / name),
        *command,
    ]
    with (folder / f"{name}.log").open("ab") as log:
        child = subprocess.Popen(
            shim,
            env={**os.environ, **(variables or {})},
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    _children[folder / name] = child


_children: dict[Path, subprocess.Popen[bytes]] = {}
"""Children of this very process, which must be reaped: an ended one would otherwise stay as a zombie."""


def ended(folder: Path, name: str) -> bool:
    """True where NAME was started by this very process and has ended."""
    child = _children.get(folder / name)
    return child is not None and child.poll() is not None


def alive(folder: Path, name: str) -> int | None:
    """Return the number of the living process; None where it does not live."""
    for child in _children.values():
        child.poll()
    path = folder / f"{name}.lock"
    if not path.exists() or not _held(path):
        return None
    return _number(folder / f"{name}.pid", path)


def _number(path: Path, lock: Path) -> int | None:
    """Return the number that the holder of the lock writes right after taking it."""
    until = time.monotonic() + FIRST_SECONDS
    while time.monotonic() < until and _held(lock):
        text = path.read_text() if path.exists() else ""
        if text.endswith("\n") and _exists(int(text)):  # else it is the previous holder's
            return int(text)
        time.sleep(POLL_SECONDS)
    return None


def _exists(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def _held(path: Path) -> bool:
    with path.open("rb") as stream:
        try:
            fcntl.flock(stream, fcntl.LOCK_SH | fcntl.LOCK_NB)  # shared: two who ask do not meet each other
        except OSError:
            return True
    return False


def stop(folder: Path, name: str, seconds: float = STOP_SECONDS) -> None:
    """Ask the process to end, wait, and kill it if it does not. Nothing happens where it does not live."""
    for number, patience in ((signal.SIGTERM, seconds), (signal.SIGKILL, seconds)):
        pid = alive(folder, name)
        if pid is None:
            return
        try:
            os.kill(pid, number)
        except ProcessLookupError:
            return
        until = time.monotonic() + patience
        while alive(folder, name) is not None and time.monotonic() < until:
            time.sleep(POLL_SECONDS)


def main(argv: list[str]) -> int:
    """Take the lock, write the number, become the command. Where another holds the lock, leave."""
    base, *command = argv
    handle = os.open(f"{base}.lock", os.O_RDWR | os.O_CREAT, 0o644)
    if not _taken(handle):
        print(f"{base} is running already", file=sys.stderr)
        return 0
    os.set_inheritable(handle, True)
    pid = Path(f"{base}.pid")
    part = Path(f"{base}.pid.{os.getpid()}")
    part.write_text(f"{os.getpid()}\n")
    part.replace(pid)
    os.execv(command[0], command)  # noqa: S606 - the very point: the lock passes on
    raise AssertionError("execv does not return")


def _taken(handle: int) -> bool:
    until = time.monotonic() + LOCK_SECONDS
    while time.monotonic() < until:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            time.sleep(POLL_SECONDS)
        else:
            return True
    return False


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
