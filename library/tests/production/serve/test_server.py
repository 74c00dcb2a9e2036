"""The command starts with a word, refuses with a reason, and ends without dropping a request."""

import json
import signal
import socket
import subprocess
import sys
import time
from urllib.parse import urlsplit

import pytest
from production.serve.rig import Client, command

from merge_lane.data import rows
from merge_lane.errors import BundleError, ContractError, PortInUseError, ProjectError
from merge_lane.model import bundle
from merge_lane.production.serve import trial
from merge_lane.system.files import digest

SECONDS = 30


def run(*arguments):
    return subprocess.run(
        [sys.executable, "-m", "merge_lane", *map(str, arguments)],
        capture_output=True, text=True, timeout=SECONDS, check=False,
    )  # fmt: skip


def port_of(process):
    return urlsplit(process.stdout.readline().split()[-1]).port


def wait_until_refused(port):
    """Return once nothing accepts connections on `port`."""
    end = time.monotonic() + SECONDS
    while time.monotonic() < end:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            return
        time.sleep(0.05)
    pytest.fail(f"something still listens on {port}")


@pytest.fixture
def body(project_directory):
    row = rows.example(bundle.load(project_directory).schema)
    return json.dumps({"rows": [row]}).encode()


def test_the_command_serves_and_ends_with_the_request_in_flight_answered(project_directory, body):
    with command("serve", "--bundle", project_directory, "--port", 0) as process:
        client = Client(port_of(process))
        assert client.get("/readyz").status == 200
        assert client.get("/version").json["model"] == digest(project_directory / "manifest.json")
        with socket.create_connection(("127.0.0.1", client.port), timeout=SECONDS) as caller:
            head = f"POST /predict HTTP/1.1\r\nHost: x\r\nContent-Length: {len(body)}\r\n"
            caller.sendall(head.encode() + b"Expect: 100-continue\r\n\r\n")
            assert caller.recv(100).startswith(b"HTTP/1.1 100")  # it has read the head and wants the body
            process.send_signal(signal.SIGTERM)
            wait_until_refused(client.port)  # it is stopping now
            assert process.poll() is None
            caller.sendall(body)
            answer = caller.makefile("rb").read()
        assert answer.startswith(b"HTTP/1.1 200 OK")
        assert b'"predictions":[0.' in answer
        assert process.wait(SECONDS) == 0
        events = [json.loads(line)["event"] for line in process.stderr]
    assert events == ["serving", "stopped"]


AT_ONCE = """\
import signal, sys
from pathlib import Path
from merge_lane.production.serve import server
server.serve(Path(sys.argv[1]), "127.0.0.1", 0, announce=lambda *_: signal.raise_signal(signal.SIGTERM))
"""


def test_a_signal_that_comes_before_the_first_request_can_ends_the_server(project_directory):
    """A deployment that is given up may stop a server the moment it is announced."""
    command = [sys.executable, "-c", AT_ONCE, str(project_directory)]
    assert subprocess.run(command, timeout=60, check=False, capture_output=True).returncode == 0


def test_a_socket_of_another_process_is_served(project_directory):
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        number, port = listening.fileno(), listening.getsockname()[1]
        given = ("serve", "--bundle", project_directory, "--fd", number)
        with command(*given, pass_fds=[number]) as process:
            assert port_of(process) == port
            assert Client(port).get("/healthz").status == 200


def test_a_port_in_use_is_said_in_words_with_its_own_exit_code(project_directory):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        ended = run("serve", "--bundle", project_directory, "--port", port)
    assert ended.returncode == PortInUseError.exit_code
    assert f"Another program listens on port {port}" in ended.stderr
    assert "next:" in ended.stderr
    assert "Traceback" not in ended.stderr


def test_a_bundle_that_is_not_there_is_said_in_words(tmp_path):
    ended = run("serve", "--bundle", tmp_path / "nowhere", "--port", 0)
    assert ended.returncode == BundleError.exit_code
    assert "There is no model bundle" in ended.stderr
    assert "Traceback" not in ended.stderr


@pytest.mark.parametrize(("option", "value"), [("--host", "192.0.2.1"), ("--fd", "250")])
def test_an_address_that_cannot_be_had_is_said_in_words(project_directory, option, value):
    ended = run("serve", "--bundle", project_directory, "--port", 0, option, value)
    assert ended.returncode == ProjectError.exit_code
    assert "next:" in ended.stderr
    assert "Traceback" not in ended.stderr


def test_try_shows_a_request_and_its_answer_and_leaves_nothing_behind(project_directory):
    ended = run("try", "--bundle", project_directory)
    assert ended.returncode == 0, ended.stderr
    assert '"predictions"' in ended.stdout
    assert '"rows"' in ended.stdout
    assert digest(project_directory / "manifest.json") in ended.stdout
    port = urlsplit(ended.stdout.split()[1]).port
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", port), timeout=1)


def test_try_needs_an_example(project_directory, monkeypatch):
    monkeypatch.setattr(trial.rows, "example", lambda _: None)
    with pytest.raises(ContractError, match="no example"):
        trial.ask(project_directory)


def test_try_repeats_why_the_server_did_not_start(project_directory, monkeypatch):
    monkeypatch.setattr(trial.sys, "executable", "false")
    with pytest.raises(ProjectError, match="did not start"):
        trial.ask(project_directory)
