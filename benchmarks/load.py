"""The load: clients that ask over kept connections, in a process of their own, and note each answer.

With a `rate` the load is constant: each client has a timetable, and an answer that comes so late that the
next request is due already makes that one late too, as it would for real users. Without one each client asks
again as soon as it is answered, which measures how much the server can do.

    with Load(url, bodies, clients=16, rate=200) as load:
        ...
    load.samples
"""

from __future__ import annotations

import asyncio
import itertools
import json
import os
import subprocess
import sys
import time
from typing import TYPE_CHECKING, Any, NamedTuple, Self, cast
from urllib.parse import urlsplit

import uvloop

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

ANSWER_SECONDS = 30.0
ASKED = 2  # requests of each client on average, after which `wait` returns
AGAIN_SECONDS = 0.05  # after a refused connection


class Sample(NamedTuple):
    """One request: when it began (`time.monotonic`, one for all processes), how long it took, its status."""

    begun: float
    seconds: float
    status: int
    """0 where no answer came."""


class Load:
    """Sends `bodies` in turn from another process while the context lasts; `samples` are there afterwards."""

    def __init__(
        self, url: str, bodies: Sequence[str], *, clients: int, rate: float = 0, cpus: set[int] | None = None
    ) -> None:
        where = urlsplit(url)
        self._order: dict[str, Any] = {"host": where.hostname, "port": where.port, "bodies": list(bodies)}
        self._order |= {"clients": clients, "rate": rate, "cpus": sorted(cpus or set())}
        self.samples: list[Sample] = []

    def __enter__(self) -> Self:
        """Begin to ask."""
        command = [sys.executable, "-m", "benchmarks.load"]
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, start_new_session=True
        )
        assert self._process.stdin
        self._process.stdin.write(json.dumps(self._order) + "\n")
        self._process.stdin.flush()
        return self

    def wait(self) -> None:
        """Return once the clients are under way."""
        assert self._process.stdout
        self._process.stdout.readline()

    def __exit__(self, *_: object) -> None:
        """Stop: the end of its input ends the process, so that it never outlives this one."""
        said = self._process.communicate(timeout=2 * ANSWER_SECONDS)[0]
        self.samples = [Sample(*sample) for sample in json.loads(said.splitlines()[-1])]


class Connection(asyncio.Protocol):
    """One kept connection that asks one request at a time."""

    def __init__(self) -> None:
        self._read = b""
        self._transport: asyncio.Transport
        self._answer: asyncio.Future[int]

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the transport."""
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        """Settle the request once its answer is whole."""
        self._read += data
        head, found, body = self._read.partition(b"\r\n\r\n")
        if found and len(body) >= _length(head) and not self._answer.done():
            self._read = b""
            self._answer.set_result(int(head.split(b" ", 2)[1]))

    def connection_lost(self, exc: Exception | None) -> None:
        """Fail the request under way."""
        if not self._answer.done():
            self._answer.set_exception(exc or ConnectionResetError())

    async def ask(self, request: bytes) -> int:
        """Return the status of the answer. Raises OSError where none comes."""
        self._answer = asyncio.get_running_loop().create_future()
        self._transport.write(request)
        async with asyncio.timeout(ANSWER_SECONDS):
            return await self._answer

    def close(self) -> None:
        """Leave."""
        self._transport.close()


def _length(head: bytes) -> int:
    after = head.lower().partition(b"content-length:")[2]
    return int(after.split(b"\r\n", 1)[0])


class Clients:
    """All clients of one load, and what they noted."""

    def __init__(self, host: str, port: int, bodies: Sequence[str], clients: int, rate: float) -> None:
        self.address = (host, port)
        self.clients = clients
        self.pause = clients / rate if rate else 0.0
        self.samples: list[Sample] = []
        self._turns = itertools.cycle([_request(host, body.encode()) for body in bodies])
        self._stop = asyncio.Event()

    async def run(self) -> None:
        """Ask until the standard input ends."""
        loop = asyncio.get_running_loop()
        loop.add_reader(sys.stdin, self._stop.set)
        begin = time.monotonic()
        places = range(self.clients)
        await asyncio.gather(*(self._client(begin + n * self.pause / self.clients) for n in places))

    def _note(self, sample: Sample) -> None:
        self.samples.append(sample)
        if len(self.samples) == ASKED * self.clients:
            print("asking", flush=True)

    async def _client(self, due: float) -> None:
        connection = None
        for request in self._until_stopped():
            begun = await self._begin(due)
            due += self.pause
            try:
                connection = connection or await self._connect()
                status = await connection.ask(request)
            except (OSError, TimeoutError):
                connection, status = None, 0
                await asyncio.sleep(AGAIN_SECONDS)
            self._note(Sample(begun, time.monotonic() - begun, status))
        if connection:
            connection.close()

    def _until_stopped(self) -> Iterator[bytes]:
        return itertools.takewhile(lambda _: not self._stop.is_set(), self._turns)

    async def _begin(self, due: float) -> float:
        """Wait until the request is due, and return from when on somebody waits for its answer."""
        now = time.monotonic()
        if not self.pause:
            return now
        if now >= due:
            return due
        await asyncio.sleep(due - now)
        return time.monotonic()  # the timer's own jitter is not the server's

    async def _connect(self) -> Connection:
        _, connection = await asyncio.get_running_loop().create_connection(Connection, *self.address)
        return connection


def _request(host: str, body: bytes) -> bytes:
    lines = b"POST /predict HTTP/1.1\r\nhost: %b\r\ncontent-type: application/json\r\n" % host.encode()
    return lines + b"content-length: %d\r\n\r\n%b" % (len(body), body)


def main() -> int:
    """Read the order, one line of JSON, ask until the input ends, and print the samples."""
    order = json.loads(sys.stdin.readline())
    if cpus := order.pop("cpus"):
        os.sched_setaffinity(0, cpus)
    clients = Clients(**order)
    uvloop.run(clients.run())
    json.dump(clients.samples, sys.stdout)
    return 0


if __name__ == "__main__":
    sys.exit(main())
