"""Small questions to loopback: a free port, who listens, what a server answers, what a log said last."""

from __future__ import annotations

import http.client
import json
import socket
import urllib.request
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path


def free_port() -> int:
    """Return a port of loopback that is free now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def bindable(host: str, port: int) -> bool:
    """True where nobody listens there."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
    return True


def fetch(url: str, headers: dict[str, str] | None = None) -> dict[str, Any] | None:
    """Return the JSON object that an address answers with 200; None for anything else."""
    request = urllib.request.Request(url, headers=headers or {})  # noqa: S310 - our own API's address
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:  # noqa: S310
            tree = json.loads(answer.read())
    except (OSError, http.client.HTTPException, ValueError):
        return None
    return tree if isinstance(tree, dict) else None


def get(port: int, path: str, host: str = "127.0.0.1") -> dict[str, Any] | None:
    """Return the JSON that a server answers with 200 ({} for another body); None for anything else."""
    connection = http.client.HTTPConnection(host, port, timeout=2)
    try:
        connection.request("GET", path, headers={"Connection": "close"})
        answer = connection.getresponse()
        body = answer.read()
    except (OSError, http.client.HTTPException):
        return None
    finally:
        connection.close()
    if answer.status != http.client.OK:
        return None
    try:
        tree = json.loads(body)
    except ValueError:
        return {}
    return tree if isinstance(tree, dict) else {}


def tail(path: Path, lines: int = 5) -> str:
    """Return the last lines of a log."""
    text = path.read_text(encoding="utf-8", errors="replace") if path.exists() else ""
    return "\n".join(text.splitlines()[-lines:])
