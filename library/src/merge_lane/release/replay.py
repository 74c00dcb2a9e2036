"""Requests of our own: test rows of the last month, as a caller would send them.

`Replay` is traffic for an environment that has none: a rehearsal on a runner has no users, and its canary
is judged all the same. `Probe` asks slowly beside the users and sorts the predictions by their model.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import math
import threading
from collections import Counter
from typing import TYPE_CHECKING, Any, Self
from urllib.parse import urlsplit

from merge_lane.errors import ReleaseError
from merge_lane.release.targets.local.tally import Tally

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from merge_lane.data.columns import Schema

CLIENTS = 8
ROWS = 5000  # different requests; then they begin again
PAUSE_SECONDS = 0.2  # after a refused connection


def bodies(features: Path, schema: Schema, rows: int = ROWS) -> list[bytes]:
    """Return bodies of one row each: the last test rows that featurize wrote, as a caller would send them."""
    import polars as pl

    from merge_lane.data.split import PART, TEST

    if not features.is_file():
        raise ReleaseError(
            f"There is no {features} to take requests from.",
            where=str(features),
            next="dvc pull, or dvc repro",
        )
    names = [column.name for column in schema.request]
    table = pl.read_parquet(features, columns=[*names, PART]).filter(pl.col(PART) == TEST).tail(rows)
    return [json.dumps({"rows": [_plain(row)]}).encode() for row in table.select(names).iter_rows(named=True)]


def _plain(row: dict[str, Any]) -> dict[str, Any]:
    return {name: _plain_value(value) for name, value in row.items()}


def _plain_value(value: Any) -> Any:
    if isinstance(value, float) and math.isnan(value):
        return None
    return value.isoformat() if hasattr(value, "isoformat") else value


class Replay:
    """Sends `bodies` in turn while the context lasts, and counts the answers by status; 0 is no answer."""

    clients = CLIENTS
    pause = 0.0

    def __init__(self, url: str, bodies: Sequence[bytes]) -> None:
        parts = urlsplit(url)
        self.tls = parts.scheme == "https"
        self.address = (parts.hostname or "127.0.0.1", parts.port or (443 if self.tls else 80))
        self.statuses: Counter[int] = Counter()
        self._requests = [self._request(body) for body in bodies]
        self._stop = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._run()), daemon=True)

    def __enter__(self) -> Self:
        """Begin to send."""
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Stop; requests under way are finished."""
        self._stop.set()
        self._thread.join()

    def _request(self, body: bytes) -> bytes:
        host = f"{self.address[0]}:{self.address[1]}".encode()
        lines = b"POST /predict HTTP/1.1\r\nhost: %b\r\ncontent-type: application/json\r\n" % host
        return lines + b"content-length: %d\r\n\r\n" % len(body) + body

    async def _run(self) -> None:
        turns = itertools.cycle(self._requests)
        await asyncio.gather(*(self._client(turns) for _ in range(self.clients)))

    async def _client(self, turns: Iterator[bytes]) -> None:
        while not self._stop.is_set():
            try:
                reader, writer = await asyncio.open_connection(*self.address, ssl=self.tls or None)
            except OSError:
                await asyncio.sleep(PAUSE_SECONDS)  # the first deployment has not begun to listen
                continue
            try:
                await self._ask(reader, writer, turns)
            except (OSError, asyncio.IncompleteReadError):
                self.statuses[0] += 1
            finally:
                writer.close()

    async def _ask(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, turns: Iterator[bytes]
    ) -> None:
        while not self._stop.is_set():
            writer.write(next(turns))
            head = (await reader.readuntil(b"\r\n\r\n")).lower()
            length = head.partition(b"content-length:")[2].split(b"\r\n", 1)[0]
            body = await reader.readexactly(int(length))
            self.statuses[int(head.split(b" ", 2)[1])] += 1
            self.answered(body)
            await asyncio.sleep(self.pause)

    def answered(self, body: bytes) -> None:
        """Do nothing with an answer."""


class Probe(Replay):
    """Counts predictions by the model that the answer names: `stable` and `canary` are hashes of models.

    Where both serve the same model (only the code changed) each counts for both.
    """

    clients = 2
    pause = 0.05

    def __init__(
        self,
        url: str,
        bodies: Sequence[bytes],
        edges: Sequence[float] | Sequence[str],
        *,
        stable: str,
        canary: str,
    ) -> None:
        super().__init__(url, bodies)
        self._models = {"stable": stable, "canary": canary}
        self._tallies = {model: Tally(edges) for model in self._models.values()}

    def answered(self, body: bytes) -> None:
        """Count the predictions in an answer."""
        model = next((model for model in self._tallies if model.encode() in body), None)
        if model is not None:
            self._tallies[model].count(200, 0.0, body)

    def predictions(self, track: str) -> tuple[int, ...]:
        """Return the predictions of `stable` or `canary` by bin."""
        return tuple(self._tallies[self._models[track]].predictions)
