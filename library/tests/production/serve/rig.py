"""A small client, and servers on loopback that are gone after their test."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import threading
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection
from typing import TYPE_CHECKING

import uvicorn

from merge_lane.production.serve.server import config

if TYPE_CHECKING:
    from merge_lane.production.serve.app import Api

SECONDS = 20.0


@dataclass(frozen=True)
class Answer:
    status: int
    headers: dict
    content: bytes

    @property
    def text(self):
        return self.content.decode()

    @property
    def json(self):
        return json.loads(self.text)


@dataclass(frozen=True)
class Client:
    """Sends one request per connection to a server on loopback."""

    port: int
    api: Api | None = None

    def send(self, method, path, body=None):
        connection = HTTPConnection("127.0.0.1", self.port, timeout=SECONDS)
        try:
            connection.request(method, path, body)
            response = connection.getresponse()
            return Answer(response.status, dict(response.getheaders()), response.read())
        finally:
            connection.close()

    def get(self, path):
        return self.send("GET", path)

    def predict(self, *rows):
        return self.send("POST", "/predict", json.dumps({"rows": list(rows)}))


@contextmanager
def running(api):
    """Serve `api` in a thread, exactly as the command does, and stop it."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        server = uvicorn.Server(config(api))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
        thread.start()
        try:
            yield Client(listening.getsockname()[1], api)
        finally:
            server.should_exit = True
            thread.join(SECONDS)
            assert not thread.is_alive()


@contextmanager
def command(*arguments, **given):
    """Run `merge-lane ...` as a process, and stop it whatever happens."""
    process = subprocess.Popen(
        [sys.executable, "-m", "merge_lane", *map(str, arguments)],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **given,
    )  # fmt: skip
    try:
        yield process
    finally:
        process.kill()
        process.communicate(timeout=SECONDS)
