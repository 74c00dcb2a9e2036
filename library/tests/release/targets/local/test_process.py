"""Processes that outlive their starter are found again, and never mistaken."""

import os
import signal
import subprocess
import sys
import threading
import time

import pytest

from merge_lane.release.targets.local import process

SLEEP = [sys.executable, "-c", "import time; time.sleep(60)"]


@pytest.fixture
def folder(tmp_path):
    yield tmp_path
    process.stop(tmp_path, "server", 1)


def until(fulfilled):
    limit = time.monotonic() + 10
    while not fulfilled() and time.monotonic() < limit:
        time.sleep(0.01)
    return fulfilled()


def test_process_is_alive_until_it_is_stopped(folder):
    assert process.alive(folder, "server") is None
    process.start(folder, "server", SLEEP)
    assert until(lambda: process.alive(folder, "server"))
    process.stop(folder, "server")
    assert process.alive(folder, "server") is None


def test_process_outlives_its_starter_and_is_found_by_another(folder):
    code = "from merge_lane.release.targets.local import process\n"
    code += "import sys; from pathlib import Path; process.start(Path(sys.argv[1]), 'server', sys.argv[2:])"
    subprocess.run([sys.executable, "-c", code, str(folder), *SLEEP], check=True)
    assert until(lambda: process.alive(folder, "server"))


def test_two_starts_at_once_leave_one_process(folder):
    starts = [threading.Thread(target=process.start, args=(folder, "server", SLEEP)) for _ in range(2)]
    for start in starts:
        start.start()
    for start in starts:
        start.join()
    assert until(lambda: process.alive(folder, "server"))
    assert until(lambda: "is running already" in (folder / "server.log").read_text())


def test_number_of_a_dead_process_is_not_taken_for_a_living_one(folder):
    (folder / "server.pid").write_text(f"{os.getpid()}\n")
    (folder / "server.lock").touch()
    assert process.alive(folder, "server") is None


def test_process_that_ignores_the_request_to_end_is_killed(folder):
    stubborn = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
    stubborn += "print('up', flush=True); time.sleep(60)"
    process.start(folder, "server", [sys.executable, "-c", stubborn])
    assert until(lambda: "up" in (folder / "server.log").read_text())
    process.stop(folder, "server", 0.2)
    assert process.alive(folder, "server") is None


def test_process_that_died_by_itself_is_known_to_have_ended(folder):
    process.start(folder, "server", [sys.executable, "-c", "raise SystemExit(3)"])
    assert until(lambda: process.ended(folder, "server"))
    assert process.alive(folder, "server") is None


def test_killed_process_is_dead_though_its_number_is_still_written(folder):
    process.start(folder, "server", SLEEP)
    assert until(lambda: process.alive(folder, "server"))
    os.kill(process.alive(folder, "server"), signal.SIGKILL)
    assert until(lambda: process.alive(folder, "server") is None)
