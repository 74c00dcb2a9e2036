"""Runs the API: one socket, one process, a clean end."""

from __future__ import annotations

import errno
import signal
import socket
from typing import TYPE_CHECKING

import uvicorn

from merge_lane.errors import PortInUseError, ProjectError
from merge_lane.model import bundle
from merge_lane.production.serve import logs
from merge_lane.production.serve.app import Api
from merge_lane.system.background import in_background

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

BACKLOG = 2048
GRACE_SECONDS = (
    20  # requests in flight get this long; below the 30 s that orchestrators wait before they kill
)


def serve(
    directory: Path, host: str, port: int, fd: int | None = None, *, announce: Callable[[str, str], None]
) -> None:
    """Serve the bundle in `directory` until SIGTERM or SIGINT; requests in flight are finished.

    `announce(address, model)` is called once connections are accepted. `fd` is a bound socket that another
    process hands over. Raises PortInUseError, and BundleError before the first connection is accepted.
    """
    logs.configure()
    with _socket(host, port, fd) as listening:
        api = in_background(lambda: _ready(directory))
        server = uvicorn.Server(config(api))
        _end_quietly(server)
        _listen(listening, host, port)
        address = _address(listening)
        announce(address, api.bundle.hash)
        logs.event("serving", address=address, model=api.bundle.hash, task=api.bundle.task)
        server.run(sockets=[listening])
        logs.event("stopped", model=api.bundle.hash)


def _ready(directory: Path) -> Api:
    api = Api(bundle.load(directory))
    api.warm_up()
    return api


def config(api: Api) -> uvicorn.Config:
    """Return how uvicorn serves `api`."""
    return uvicorn.Config(
        api,
        http="httptools",
        lifespan="off",  # the model is loaded before the socket listens
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=GRACE_SECONDS,
    )


def _end_quietly(server: uvicorn.Server) -> None:
    """Let the server end with exit code 0, also by a signal that comes before uvicorn listens for it.

    After its graceful stop uvicorn raises the signal once more: that one changes nothing.
    """

    def end(*_: object) -> None:
        server.should_exit = True

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, end)


def _socket(host: str, port: int, fd: int | None) -> socket.socket:
    """Return a bound socket; it does not listen yet, so no caller waits for a model that cannot be loaded."""
    if fd is not None:
        return _inherited(fd)
    try:
        family, kind, protocol, _, where = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        bound = socket.socket(family, kind, protocol)
    except OSError as error:
        raise _no_address(host, port, error) from error
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # a restart need not wait for old connections
    try:
        bound.bind(where)
    except OSError as error:
        bound.close()
        raise _no_address(host, port, error) from error
    return bound


def _listen(bound: socket.socket, host: str, port: int) -> None:
    try:
        bound.listen(BACKLOG)
    except OSError as error:  # another program was bound too, and listened first
        raise _no_address(host, port, error) from error


def _inherited(fd: int) -> socket.socket:
    try:
        return socket.socket(fileno=fd)
    except OSError as error:
        raise ProjectError(
            f"File descriptor {fd} is not a socket: {error.strerror}.",
            where="--fd",
            next="hand over a bound socket, or leave --fd out",
        ) from error


def _no_address(host: str, port: int, error: OSError) -> ProjectError:
    where = f"{host}:{port}"
    if error.errno == errno.EADDRINUSE:
        return PortInUseError(
            f"Another program listens on port {port}.",
            where=where,
            next=f"stop it (`ss -ltnp sport = :{port}` names it), or choose another port (0: any free one)",
        )
    what = f"Cannot listen on {where}: {error.strerror or error}."
    return ProjectError(what, where=where, next="choose an address of this machine and a port above 1023")


def _address(bound: socket.socket) -> str:
    host, port = bound.getsockname()[:2]
    return f"http://[{host}]:{port}" if bound.family == socket.AF_INET6 else f"http://{host}:{port}"
