"""Heavy work gives way to those who answer requests, and they keep their own priority."""

import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from merge_lane.errors import BundleError
from merge_lane.production.serve import server
from merge_lane.system import background
from merge_lane.system.background import in_background

linux = pytest.mark.skipif(sys.platform != "linux", reason="only Linux has a priority per thread")


def priority():
    return os.getpriority(os.PRIO_PROCESS, threading.get_native_id())


@linux
def test_work_in_the_background_has_a_lower_priority_and_its_caller_keeps_its_own():
    before = priority()
    assert in_background(priority) == min(before + background.NICE, 19)
    assert priority() == before


def test_what_fails_in_the_background_fails_where_it_is_waited_for():
    with pytest.raises(ZeroDivisionError):
        in_background(lambda: 1 / 0)


def test_where_threads_have_no_priority_the_work_is_simply_done(monkeypatch):
    monkeypatch.setattr(background.sys, "platform", "darwin")
    assert in_background(threading.get_native_id) == threading.get_native_id()
    before = priority()
    background.give_way()
    assert priority() == before


@linux
def test_a_server_loads_its_model_in_the_background(monkeypatch):
    def load(_):
        raise BundleError(f"loaded at {priority()}")

    monkeypatch.setattr(server.bundle, "load", load)
    with pytest.raises(BundleError, match=f"loaded at {min(priority() + background.NICE, 19)}"):
        server.serve(Path("models"), "127.0.0.1", 0, announce=print)


@linux
def test_a_server_answers_with_the_priority_it_was_started_with(project_directory):
    command = [sys.executable, "-m", "merge_lane", "serve"]
    command += ["--bundle", str(project_directory), "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as process:
        assert process.stdout.readline()
        try:
            assert os.getpriority(os.PRIO_PROCESS, process.pid) == priority()
        finally:
            process.terminate()
            assert process.wait(30) == 0
