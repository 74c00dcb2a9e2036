"""The little of HTTP/1.1 that the router needs: read a message whole, pass it on, hop by hop."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

MAX_HEAD = 64 * 1024  # bytes; what common servers accept
MAX_BODY = 64 * 1024 * 1024
HOP_BY_HOP = {b"connection", b"keep-alive", b"proxy-connection", b"expect", b"upgrade", b"te"}
NO_BODY = {204, 304}


class BadMessageError(Exception):
    """A message that HTTP does not allow, with the status to answer."""

    def __init__(self, status: int, said: str) -> None:
        super().__init__(said)
        self.status = status
        self.said = said


@dataclass(frozen=True)
class Message:
    """One request or response: first line, headers in order (names lowered), the body as it came."""

    start: bytes
    headers: tuple[tuple[bytes, bytes], ...]
    body: bytes = b""

    def header(self, name: bytes) -> bytes | None:
        """Return the first header of that name."""
        return next((value for key, value in self.headers if key == name), None)

    @property
    def method(self) -> bytes:
        """Return the method of a request."""
        return self.start.split(b" ", 1)[0]

    @property
    def status(self) -> int:
        """Return the status of a response."""
        return int(self.start.split(b" ", 2)[1])

    @property
    def keep_alive(self) -> bool:
        """True where the sender wants the connection kept."""
        wish = (self.header(b"connection") or b"").lower()
        return b"close" not in wish if b"HTTP/1.1" in self.start else b"keep-alive" in wish

    @property
    def content(self) -> bytes:
        """Return the body without its chunks' framing."""
        if (self.header(b"transfer-encoding") or b"").lower() != b"chunked":
            return self.body
        parts, rest = [], self.body
        while rest:
            size, _, rest = rest.partition(b"\r\n")
            length = int(size.split(b";")[0], 16)
            parts.append(rest[:length])
            rest = rest[length + 2 :] if length else b""
        return b"".join(parts)

    def bytes(self, *extra: tuple[bytes, bytes]) -> bytes:
        """Return the message to pass on: without hop-by-hop headers, with the extra ones."""
        kept = [(name, value) for name, value in self.headers if name not in HOP_BY_HOP]
        lines = [self.start, *(name + b": " + value for name, value in (*kept, *extra))]
        return b"\r\n".join(lines) + b"\r\n\r\n" + self.body


async def read_request(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> Message | None:
    """Return the next request whole; None where the client has closed. Raises BadMessageError."""
    head = await _read_head(reader)
    if head is None:
        return None
    if len(head.start.split(b" ")) != 3 or not head.start.endswith((b"HTTP/1.1", b"HTTP/1.0")):  # noqa: PLR2004 - method, path, version
        raise BadMessageError(400, "not an HTTP/1 request")
    if (head.header(b"expect") or b"").lower() == b"100-continue":
        writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
    return await _with_body(reader, head, until_close=False)


async def read_response(reader: asyncio.StreamReader, method: bytes) -> Message:
    """Return the response whole. Raises ConnectionError where the server closes before its end."""
    while True:
        head = await _read_head(reader)
        if head is None:
            raise ConnectionResetError("closed without an answer")
        if head.status >= 200:  # noqa: PLR2004 - 1xx announces, the answer follows
            break
    if method == b"HEAD" or head.status in NO_BODY:
        return head
    return await _with_body(reader, head, until_close=True)


async def _read_head(reader: asyncio.StreamReader) -> Message | None:
    try:
        raw = await reader.readuntil(b"\r\n\r\n")
    except asyncio.IncompleteReadError as error:
        if error.partial:
            raise ConnectionResetError("closed inside a head") from error
        return None
    except asyncio.LimitOverrunError as error:
        raise BadMessageError(431, "head too long") from error
    start, *lines = raw[:-4].split(b"\r\n")
    return Message(start, tuple(_header(line) for line in lines))


def _header(line: bytes) -> tuple[bytes, bytes]:
    name, colon, value = line.partition(b":")
    if not colon or not name or name != name.strip():
        raise BadMessageError(400, "malformed header")
    return name.lower(), value.strip()


async def _with_body(reader: asyncio.StreamReader, head: Message, *, until_close: bool) -> Message:
    length, coding = head.header(b"content-length"), head.header(b"transfer-encoding")
    if length is not None and coding is not None:  # the one message would be two to someone else
        raise BadMessageError(400, "both a length and a transfer coding")
    if coding is not None:
        return Message(head.start, head.headers, await _read_chunks(reader, coding))
    if length is not None:
        return Message(head.start, head.headers, await _read_exactly(reader, length))
    if until_close:
        body = await reader.read()
        return Message(head.start, (*head.headers, (b"content-length", str(len(body)).encode())), body)
    return head


async def _read_exactly(reader: asyncio.StreamReader, length: bytes) -> bytes:
    if not length.isdigit():
        raise BadMessageError(400, "malformed content-length")
    if int(length) > MAX_BODY:
        raise BadMessageError(413, "body too large")
    try:
        return await reader.readexactly(int(length))
    except asyncio.IncompleteReadError as error:
        raise ConnectionResetError("closed inside a body") from error


async def _read_chunks(reader: asyncio.StreamReader, coding: bytes) -> bytes:
    if coding.lower() != b"chunked":
        raise BadMessageError(501, "unknown transfer coding")
    parts, total = [], 0
    while True:
        size = await reader.readuntil(b"\r\n")
        length = _chunk_size(size)
        total += length
        if total > MAX_BODY:
            raise BadMessageError(413, "body too large")
        parts += [size, await reader.readexactly(length + 2)]
        if length == 0:
            return b"".join(parts)


def _chunk_size(line: bytes) -> int:
    try:
        return int(line.split(b";")[0].strip(), 16)
    except ValueError as error:
        raise BadMessageError(400, "malformed chunk") from error
