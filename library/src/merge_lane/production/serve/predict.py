"""POST /predict as a bare ASGI application: bytes in, bytes out.

FastAPI's own serialising costs more than the prediction, so this route does not pass through it (make bench).
"""

from __future__ import annotations

import asyncio
import logging
from time import perf_counter
from typing import TYPE_CHECKING, Any

import msgspec

from merge_lane.production.serve.batching import Batcher
from merge_lane.production.serve.logs import event
from merge_lane.production.serve.requests import Refusal, Requests

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from starlette.types import Message, Receive, Scope, Send

    from merge_lane.model.bundle import Bundle
    from merge_lane.production.serve.metrics import Metrics

PATH = "/predict"
MAX_BODY_BYTES = 1 << 20
DRAIN_BYTES = 16 << 20  # a body too large is read up to here, so that the caller hears why it was refused
BODY_SECONDS = 10.0  # a caller that stops in the middle of its body does not hold a connection for ever


class Predict:
    """Answers POST /predict: validate by the contract, score in a micro-batch, count."""

    def __init__(self, bundle: Bundle, metrics: Metrics) -> None:
        self.requests = Requests(bundle.schema)
        self._bundle = bundle
        self._metrics = metrics
        self._batcher = Batcher(self._score)
        self._encode = msgspec.json.Encoder().encode
        self._model = bundle.hash.encode()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request. Nothing that goes wrong in here reaches the caller as more than a status."""
        start = perf_counter()
        try:
            status, body = 200, await self._answer(scope, receive)
        except Refusal as refusal:
            status, body = refusal.status, self._encode(refusal.body)
            event("refused", code=status, problems=refusal.body.total)
        except Exception as error:  # noqa: BLE001 - a request may fail, the server may not
            status, body = 500, b'{"error":"The model could not score this request; the log says why."}'
            event("failed", level=logging.ERROR, code=status, error=error)
        await send(_head(status, len(body)))
        await send({"type": "http.response.body", "body": body})
        self._metrics.answered(status, perf_counter() - start)

    async def _answer(self, scope: Scope, receive: Receive) -> bytes:
        if scope["method"] != "POST":
            raise Refusal(405, f"Send POST {PATH}; the page /docs shows how.")
        rows = self.requests.decode(await _body(receive))
        scores = await self._batcher.score(rows)
        self._metrics.scored(scores)
        predictions = self._encode(self._predictions(scores))
        return b'{"predictions":%b,"model":"%b"}' % (predictions, self._model)

    def _score(self, rows: Sequence[Any]) -> np.ndarray:
        return self._bundle.predict(self.requests.arrays(rows))

    def _predictions(self, scores: np.ndarray) -> list[Any]:
        """Return one value per row: a number, or for multiclass the probability of each class by name."""
        if scores.ndim == 1 or self._bundle.classes is None:
            plain: list[Any] = scores.tolist()
            return plain
        return [dict(zip(self._bundle.classes, row, strict=True)) for row in scores.tolist()]


async def _body(receive: Receive) -> bytes:
    """Return the whole body. Raises Refusal where it is too large or does not arrive."""
    message = await receive()
    if not message.get("more_body"):
        body: bytes = message.get("body", b"")
        _check_size(len(body))
        return body
    try:
        async with asyncio.timeout(BODY_SECONDS):
            return await _rest(receive, message)
    except TimeoutError as error:
        raise Refusal(408, f"The body did not arrive within {BODY_SECONDS:g} seconds.") from error


async def _rest(receive: Receive, message: Message) -> bytes:
    chunks = [message.get("body", b"")]
    size = len(chunks[0])
    while message.get("more_body") and size <= DRAIN_BYTES:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise Refusal(400, "The caller went away in the middle of the body.")
        chunk = message.get("body", b"")
        size += len(chunk)
        if size <= MAX_BODY_BYTES:
            chunks.append(chunk)
    _check_size(size)
    return b"".join(chunks)


def _check_size(size: int) -> None:
    if size > MAX_BODY_BYTES:
        raise Refusal(413, f"The body is larger than {MAX_BODY_BYTES:,} bytes; send fewer rows at once.")


def _head(status: int, length: int) -> Message:
    headers = [(b"content-type", b"application/json"), (b"content-length", str(length).encode())]
    if status == 405:  # noqa: PLR2004 - Method Not Allowed names the allowed one
        headers.append((b"allow", b"POST"))
    if status in (408, 413):
        headers.append((b"connection", b"close"))  # the rest of the body is not worth reading
    return {"type": "http.response.start", "status": status, "headers": headers}
