"""One prediction end to end: start the server, ask it over HTTP, stop it, and see that it is gone."""

from __future__ import annotations

import json
import selectors
import socket
import subprocess
import sys
import tempfile
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection
from typing import IO, TYPE_CHECKING, Any
from urllib.parse import urlsplit

from merge_lane.data import rows
from merge_lane.errors import ContractError, ProjectError
from merge_lane.model import bundle

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

START_SECONDS = 60.0  # a second where nothing else runs; CI machines are slower
ANSWER_SECONDS = 10.0
STOP_SECONDS = 30.0


@dataclass(frozen=True)
class Trial:
    """What was asked and answered."""

    address: str
    request: dict[str, Any]
    answer: dict[str, Any]


def ask(directory: Path) -> Trial:
    """Start the API on a free loopback port, ask for one prediction, stop it.

    Raises ContractError where the contract has no example to ask with, ProjectError where the server
    does not start, answer or stop.
    """
    row = rows.example(bundle.load(directory).schema)
    if row is None:
        raise ContractError(
            "There is no example to ask with: a column that is not nullable has none.",
            where="contract.py",
            next="give every required column an example=...",
        )
    request = {"rows": [row]}
    with _server(directory) as address:
        _call(address, "GET", "/readyz")
        answer = _call(address, "POST", "/predict", request)
    _see_that_it_is_gone(address)
    return Trial(address, request, answer)


@contextmanager
def _server(directory: Path) -> Iterator[str]:
    """Run the API as a process of its own and yield its address."""
    command = [sys.executable, "-m", "merge_lane", "serve"]
    command += ["--bundle", str(directory), "--port", "0"]
    with (
        tempfile.TemporaryFile("w+") as log,
        subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log, text=True) as process,
    ):
        assert process.stdout
        try:
            line = _first_line(process.stdout)
            if not line:
                log.seek(0)
                raise ProjectError(
                    f"The server did not start:\n{log.read().strip()}", where=" ".join(command)
                )
            yield line.split()[-1]
        finally:
            _stop(process)


def _first_line(stream: IO[str]) -> str:
    """Return the first line, or nothing where none comes in time or the stream ends."""
    with selectors.DefaultSelector() as selector:
        selector.register(stream, selectors.EVENT_READ)
        return stream.readline() if selector.select(START_SECONDS) else ""


def _stop(process: subprocess.Popen[str]) -> None:
    process.terminate()
    try:
        process.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()


def _call(address: str, method: str, path: str, body: Any = None) -> dict[str, Any]:
    connection = HTTPConnection(urlsplit(address).netloc, timeout=ANSWER_SECONDS)
    try:
        connection.request(method, path, None if body is None else json.dumps(body))
        response = connection.getresponse()
        text = response.read().decode()
    except OSError as error:
        raise ProjectError(f"The server did not answer: {error}.", where=address + path) from error
    finally:
        connection.close()
    if response.status != 200:  # noqa: PLR2004 - OK
        raise ProjectError(f"The server answered {response.status}: {text}", where=address + path)
    answer: dict[str, Any] = json.loads(text)
    return answer


def _see_that_it_is_gone(address: str) -> None:
    where = urlsplit(address)
    with socket.socket() as probe:
        if probe.connect_ex((where.hostname, where.port)) == 0:
            raise ProjectError("The server was stopped, and something still listens.", where=address)
