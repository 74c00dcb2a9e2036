"""The front of the local target: one process that owns the port and shares requests out to the versions.

It is told by a file, `router.json`, replaced whole: {"generation", "host", "port", "epoch", "edges",
"versions": {id: {"port", "weight"}}}. It answers by another, `status.json`: the generation it obeys, and what
it counted of each version since the `epoch` began. Requests under way end where they began.

A request goes to another version only when no connection could be made, so before any byte was sent: a
request that may have been seen is never sent twice.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import random
import signal
import sys
import time
from collections import deque
from pathlib import Path
from typing import Any

from merge_lane.release.targets.local import http1
from merge_lane.release.targets.local.tally import Tally
from merge_lane.system.files import dump_json, read_json

IDLE_SECONDS = (
    2.0  # a server closes idle connections after 5 s or so: never reuse one that may just be closing
)
CONNECT_SECONDS = 2.0
ANSWER_SECONDS = 30.0
TICK_SECONDS = 0.05
MAX_IDLE = 256


class NoConnectionError(Exception):
    """No connection to a version could be made; nothing was sent."""


class Version:
    """One running version: its address, its idle connections and what was counted of it."""

    def __init__(self, name: str, port: int, edges: list[float]) -> None:
        self.name = name
        self.port = port
        self.tally = Tally(edges)
        self.busy = 0
        self._idle: deque[tuple[asyncio.StreamReader, asyncio.StreamWriter, float]] = deque()

    async def ask(self, request: http1.Message) -> http1.Message:
        """Return the version's answer. Raises NoConnectionError, or OSError once something was sent."""
        self.busy += 1
        try:
            reader, writer = await self._connection()
            return await self._exchange(reader, writer, request)
        finally:
            self.busy -= 1

    async def _exchange(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, request: http1.Message
    ) -> http1.Message:
        try:
            async with asyncio.timeout(ANSWER_SECONDS):
                writer.write(request.bytes())
                await writer.drain()
                answer = await http1.read_response(reader, request.method)
        except BaseException:
            writer.close()
            raise
        if answer.keep_alive and len(self._idle) < MAX_IDLE:
            self._idle.append((reader, writer, time.monotonic()))
        else:
            writer.close()
        return answer

    async def _connection(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        while self._idle:
            reader, writer, since = self._idle.pop()
            if time.monotonic() - since < IDLE_SECONDS and not reader.at_eof() and not writer.is_closing():
                return reader, writer
            writer.close()
        try:
            async with asyncio.timeout(CONNECT_SECONDS):
                return await asyncio.open_connection("127.0.0.1", self.port, limit=http1.MAX_HEAD)
        except (OSError, TimeoutError) as error:
            raise NoConnectionError(str(error)) from error

    def close(self) -> None:
        """Close the idle connections."""
        while self._idle:
            self._idle.popleft()[1].close()


class Router:
    """Shares requests out by weight, exactly in every block, and obeys the control file."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.versions: dict[str, Version] = {}
        self.draining: list[Version] = []
        self.weights: dict[str, int] = {}
        self.generation = -1
        self.epoch: str | None = None
        self.clients: set[asyncio.Task[None]] = set()
        self.idle_clients: set[asyncio.StreamWriter] = set()
        self.stopping = False
        self._slots: list[str] = []
        self._seen: tuple[int, int] | None = None
        self._said = ""

    def obey(self, control: dict[str, Any]) -> None:
        """Take over a new table at once; versions that left it end what they have under way."""
        edges = list(control["edges"])
        for name in set(self.versions) - set(control["versions"]):
            self.draining.append(self.versions.pop(name))
        for name, entry in control["versions"].items():
            known = self.versions.get(name)
            if known is None or known.port != entry["port"]:
                self.draining += [known] if known else []
                self.versions[name] = Version(name, entry["port"], edges)
        if control["epoch"] != self.epoch:
            self.epoch = control["epoch"]
            for version in self.versions.values():
                version.tally = Tally(edges)
        self.weights = {name: entry["weight"] for name, entry in control["versions"].items()}
        self.generation = control["generation"]
        self._slots = []

    def pick(self) -> Version | None:
        """Return the version of the next request."""
        if not self._slots:
            self._slots = [name for name, weight in self.weights.items() for _ in range(weight)]
            random.shuffle(self._slots)
        return self.versions[self._slots.pop()] if self._slots else None

    async def serve_client(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer one client's requests, one after the other, until it leaves."""
        task = asyncio.current_task()
        assert task is not None
        self.clients.add(task)
        try:
            while await self._serve_one(reader, writer) and not self.stopping:
                pass
        except (ConnectionError, asyncio.IncompleteReadError):
            pass  # the client left in the middle of its own request: nobody waits for an answer
        finally:
            self.clients.discard(task)
            writer.close()

    async def _serve_one(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        self.idle_clients.add(writer)
        try:
            request = await http1.read_request(reader, writer)
        except http1.BadMessageError as error:
            writer.write(_plain(error.status, error.said))
            await writer.drain()
            return False
        finally:
            self.idle_clients.discard(writer)
        if request is None:
            return False
        writer.write(await self.answer(request))
        await writer.drain()
        return request.keep_alive

    async def answer(self, request: http1.Message) -> bytes:
        """Return the answer's bytes: of the version picked, or of another if that one takes no connection."""
        first = self.pick()
        others = [version for version in self._by_weight() if version is not first]
        for version in [first, *others] if first else []:
            try:
                return await self._ask(version, request)
            except NoConnectionError:
                self._count(request, version, None, 0.0)
        return _plain(503, "no version takes a connection")

    async def _ask(self, version: Version, request: http1.Message) -> bytes:
        started = time.perf_counter()
        try:
            answer = await version.ask(request)
        except TimeoutError:
            self._count(request, version, None, 0.0)
            return _plain(504, f"{version.name} did not answer in time")
        except (OSError, http1.BadMessageError, asyncio.IncompleteReadError, ValueError, IndexError):
            self._count(request, version, None, 0.0)
            return _plain(502, f"{version.name} broke off")
        self._count(request, version, answer, time.perf_counter() - started)
        keep = b"keep-alive" if request.keep_alive and not self.stopping else b"close"
        name = (b"x-merge-lane-release", version.name.encode())
        return answer.bytes((b"connection", keep), name)

    def _by_weight(self) -> list[Version]:
        """Return the versions that have traffic, the heaviest first."""
        names = sorted(
            (name for name, weight in self.weights.items() if weight), key=lambda n: -self.weights[n]
        )
        return [self.versions[name] for name in names]

    @staticmethod
    def _count(
        request: http1.Message, version: Version, answer: http1.Message | None, seconds: float
    ) -> None:
        """Count predictions only: a health check says nothing about the model."""
        if request.method != b"POST":
            return
        if answer is None:
            version.tally.fail()
        else:
            version.tally.count(answer.status, seconds, answer.content)

    async def watch(self) -> None:
        """Obey the control file and write the status, until stopped."""
        while not self.stopping:
            self._reread()
            self.draining = [version for version in self.draining if not self._drained(version)]
            self._report()
            await asyncio.sleep(TICK_SECONDS)

    def _reread(self) -> None:
        path = self.folder / "router.json"
        with contextlib.suppress(FileNotFoundError):
            stat = path.stat()
            if (stat.st_mtime_ns, stat.st_ino) != self._seen:
                self.obey(read_json(path))
                self._seen = (stat.st_mtime_ns, stat.st_ino)

    @staticmethod
    def _drained(version: Version) -> bool:
        if version.busy == 0:
            version.close()
        return version.busy == 0

    def _report(self) -> None:
        text = dump_json(
            {
                "pid": os.getpid(),
                "generation": self.generation,
                "epoch": self.epoch,
                "draining": sorted(version.name for version in self.draining),
                "versions": {name: version.tally.as_json() for name, version in self.versions.items()},
            }
        )
        if text != self._said:
            part = self.folder / ".status.json.part"
            with contextlib.suppress(
                OSError
            ):  # a full disk must not stop the serving: the judge misses the counts
                part.write_text(text, encoding="utf-8")
                part.replace(
                    self.folder / "status.json"
                )  # not flushed to disk: it is worthless after a crash
                self._said = text

    def stop(self) -> None:
        """End what is under way, then leave."""
        self.stopping = True
        for writer in self.idle_clients:
            writer.close()


def _plain(status: int, said: str) -> bytes:
    head = f"HTTP/1.1 {status} Router\r\ncontent-type: text/plain\r\ncontent-length: {len(said)}\r\n"
    return f"{head}connection: {'close' if status < 500 else 'keep-alive'}\r\n\r\n{said}".encode()  # noqa: PLR2004


async def run(folder: Path) -> None:
    """Serve until SIGTERM."""
    router = Router(folder)
    control = read_json(folder / "router.json")
    router.obey(control)
    server = await asyncio.start_server(
        router.serve_client, control["host"], control["port"], limit=http1.MAX_HEAD, backlog=1024
    )
    loop = asyncio.get_running_loop()
    for name in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(name, router.stop)
    await router.watch()
    server.close()
    if router.clients:
        await asyncio.wait(router.clients, timeout=ANSWER_SECONDS)


def main(argv: list[str]) -> int:
    """Run the router of the folder in `argv`."""
    runner = asyncio.run
    with contextlib.suppress(ImportError):
        import uvloop

        runner = uvloop.run
    runner(run(Path(argv[0])))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
