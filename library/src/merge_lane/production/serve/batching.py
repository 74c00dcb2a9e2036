"""Micro-batching without waiting: what arrives in one turn of the event loop is scored in one call."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import numpy as np

    Score = Callable[[Sequence[Any]], np.ndarray]


class Batcher:
    """Collects what this turn of the loop asks for and scores it in one call at the next.

    A lone request waits for nothing; fifty at once cost one call. A row's score is its own in any company.
    """

    def __init__(self, score: Score) -> None:
        self._score = score
        self._waiting: list[tuple[Sequence[Any], asyncio.Future[np.ndarray]]] = []

    async def score(self, rows: Sequence[Any]) -> np.ndarray:
        """Return the scores of `rows`, in their order."""
        loop = asyncio.get_running_loop()
        if not self._waiting:
            loop.call_soon(self._flush)
        future: asyncio.Future[np.ndarray] = loop.create_future()
        self._waiting.append((rows, future))
        return await future

    def _flush(self) -> None:
        batch, self._waiting = self._waiting, []
        try:
            scores = self._score([row for rows, _ in batch for row in rows])
        except Exception as error:  # noqa: BLE001 - whatever it is, it belongs to the request that caused it
            self._blame(batch, error)
            return
        start = 0
        for rows, future in batch:
            _settle(future, scores[start : start + len(rows)])
            start += len(rows)

    def _blame(self, batch: list[tuple[Sequence[Any], asyncio.Future[np.ndarray]]], error: Exception) -> None:
        """Score each request alone: one that fails must not fail its neighbours."""
        for rows, future in batch:
            try:
                _settle(future, error if len(batch) == 1 else self._score(rows))
            except Exception as own:  # noqa: BLE001 - see above
                _settle(future, own)


def _settle(future: asyncio.Future[np.ndarray], result: np.ndarray | Exception) -> None:
    if future.done():  # the caller went away
        return
    if isinstance(result, Exception):
        future.set_exception(result)
    else:
        future.set_result(result)
