"""A server with TLS on loopback, which the doubles of GitHub answer from."""

from __future__ import annotations

import ssl
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


class TlsServer:
    """Serves in a thread of its own from the start until `close`."""

    def __init__(self, handler: type[BaseHTTPRequestHandler], certificate: Path) -> None:
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
        self.server.socket = context.wrap_socket(self.server.socket, server_side=True)
        self.host = f"localhost:{self.server.server_port}"
        self.thread = threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.05})
        self.thread.start()

    def close(self) -> None:
        """Stop serving and wait until the thread has ended."""
        self.server.shutdown()
        self.server.server_close()
        self.thread.join(timeout=10)
