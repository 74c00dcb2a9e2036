"""A small GitHub on loopback, over TLS: the few routes that posting, dispatching and fork reports use."""

from __future__ import annotations

import datetime as dt
import ipaddress
import json
import os
import re
import shutil
import urllib.parse
from http.server import BaseHTTPRequestHandler
from typing import TYPE_CHECKING, Any

import pytest
from forge.github.tls import TlsServer

if TYPE_CHECKING:
    from pathlib import Path

BOT = "github-actions[bot]"
needs_gh = pytest.mark.skipif(
    not shutil.which("gh") and not os.environ.get("CI"), reason="the GitHub CLI `gh` is not installed"
)
ROUTES = {  # request -> (handler, what the token must be allowed)
    r"POST /issues/7/comments": ("create", "pull-requests", "write"),
    r"GET /issues/7/comments": ("comments", "pull-requests", "read"),
    r"PATCH /issues/comments/(\d+)": ("update", "pull-requests", "write"),
    r"GET /pulls": ("pulls", "pull-requests", "read"),
    r"GET /actions/runs/\d+/artifacts": ("artifacts", "actions", "read"),
    r"GET /actions/artifacts/(\d+)/zip": ("zip", "actions", "read"),
    r"POST /actions/workflows/[\w.-]+/dispatches": ("dispatch", "actions", "write"),
}


def allows(granted: dict[str, str], scope: str, level: str) -> bool:
    """Whether a token with these permissions may do this; writing includes reading."""
    return granted.get(scope) in ("write", level)


def make_certificate(directory: Path) -> Path:
    """Write a certificate for loopback and its key into one file, which clients also trust."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.x509.oid import NameOID

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = dt.datetime.now(dt.UTC)
    alternatives = [x509.DNSName("localhost"), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(minutes=5))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName(alternatives), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    path = directory / "github.pem"
    path.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        + certificate.public_bytes(serialization.Encoding.PEM)
    )
    return path


class FakeGitHub:
    """State that tests set and read: comments, pulls, artifacts, and every request."""

    def __init__(self, certificate: Path) -> None:
        self.certificate = certificate
        self.comments: list[dict[str, Any]] = []
        self.pulls: list[dict[str, Any]] = []
        self.artifacts: dict[str, bytes] = {}
        self.files: dict[str, bytes] = {}
        self.dispatches: list[dict[str, Any]] = []
        self.requests: list[tuple[str, str, dict[str, str]]] = []
        self.down = False
        self.tokens: dict[str, dict[str, str]] = {
            "test-token": dict.fromkeys(("actions", "pull-requests"), "write")
        }
        self.extra_environment: dict[str, str] = {}
        handler = type("Handler", (_Handler,), {"github": self})
        self.server = TlsServer(handler, certificate)
        self.url = f"https://{self.server.host}"

    def close(self) -> None:
        self.server.close()

    def environment(self) -> dict[str, str]:
        """Return what a runner of a GitHub Enterprise server sets, and the trust in this certificate."""
        return {
            "GITHUB_SERVER_URL": self.url,
            "GITHUB_API_URL": f"{self.url}/api/v3",
            "GH_TOKEN": "test-token",
            "SSL_CERT_FILE": str(self.certificate),
            "CURL_CA_BUNDLE": str(self.certificate),
            "NODE_EXTRA_CA_CERTS": str(self.certificate),
        }

    def add_comment(self, body: str, author: str = BOT) -> dict[str, Any]:
        number = len(self.comments) + 1
        url = f"{self.url}/owner/name/pull/7#issuecomment-{number}"
        comment = {"id": number, "node_id": f"IC_{number}", "body": body, "html_url": url, "author": author}
        self.comments.append(comment)
        return comment

    def graphql(self, query: str, variables: dict[str, Any]) -> dict[str, Any]:
        if "updateIssueComment" in query:
            comment = next(c for c in self.comments if c["node_id"] == variables["id"])
            comment["body"] = variables["body"]
            return {"updateIssueComment": {"issueComment": {"url": comment["html_url"]}}}
        start = int(variables.get("endCursor") or 0)
        size = 2  # so that a test with three comments turns the page
        nodes = [
            {"id": c["node_id"], "viewerDidAuthor": c["author"] == BOT, "body": c["body"]}
            for c in self.comments[start : start + size]
        ]
        page = {"hasNextPage": start + size < len(self.comments), "endCursor": str(start + size)}
        return {"repository": {"pullRequest": {"comments": {"pageInfo": page, "nodes": nodes}}}}


class _Handler(BaseHTTPRequestHandler):
    """Routes to the state above. One connection per request: nothing is left open."""

    github: FakeGitHub
    protocol_version = "HTTP/1.0"

    def log_message(self, *arguments: Any) -> None:
        pass

    def do_GET(self) -> None:
        self.answer("GET")

    def do_POST(self) -> None:
        self.answer("POST")

    def do_PATCH(self) -> None:
        self.answer("PATCH")

    def answer(self, method: str) -> None:
        body = json.loads(self.body() or b"{}")
        self.github.requests.append((method, self.path, dict(self.headers)))
        url = urllib.parse.urlsplit(self.path)
        query = {name: values[0] for name, values in urllib.parse.parse_qs(url.query).items()}
        if self.github.down:
            return self.send(502, {"message": "down"})
        if url.path.startswith("/files/"):
            return self.send(200, self.github.files[url.path])
        return self.route(method, url.path, query, body)

    def body(self) -> bytes:
        """Return the body; `gh` sends what it reads from its input in chunks."""
        if self.headers.get("Transfer-Encoding") != "chunked":
            return self.rfile.read(int(self.headers.get("Content-Length") or 0))
        data = b""
        while size := int(self.rfile.readline(), 16):
            data += self.rfile.read(size)
            self.rfile.readline()
        return data

    def route(self, method: str, path: str, query: dict[str, str], body: dict[str, Any]) -> None:
        granted = self.github.tokens.get(self.headers.get("Authorization", "").split(" ")[-1])
        if granted is None:
            return self.send(401, {"message": "Bad credentials"})
        if path == "/api/graphql":
            level = "write" if "mutation" in body["query"] else "read"
            if not allows(granted, "pull-requests", level):
                return self.send(403, {"message": "Resource not accessible by integration"})
            return self.send(200, {"data": self.github.graphql(body["query"], body["variables"])})
        path = path.removeprefix("/api/v3/repos/owner/name")
        for pattern, (name, scope, level) in ROUTES.items():
            if match := re.fullmatch(pattern, f"{method} {path}"):
                if not allows(granted, scope, level):
                    return self.send(403, {"message": "Resource not accessible by integration"})
                return getattr(self, name)(match[match.lastindex or 0], query, body)
        return self.send(404, {"message": f"no route {method} {path}"})

    def create(self, _number: str, _query: dict[str, str], body: dict[str, Any]) -> None:
        self.send(201, self.github.add_comment(body["body"]))

    def comments(self, _number: str, query: dict[str, str], _body: dict[str, Any]) -> None:
        self.send(200, self.github.comments if query.get("page", "1") == "1" else [])

    def update(self, number: str, _query: dict[str, str], body: dict[str, Any]) -> None:
        comment = self.github.comments[int(number) - 1]
        comment["body"] = body["body"]
        self.send(200, comment)

    def pulls(self, _number: str, query: dict[str, str], _body: dict[str, Any]) -> None:
        self.send(200, [pull for pull in self.github.pulls if pull["label"] == query["head"]])

    def artifacts(self, _number: str, _query: dict[str, str], _body: dict[str, Any]) -> None:
        listed = [
            {"id": number, "name": name, "size_in_bytes": len(data), "expired": False}
            for number, (name, data) in enumerate(self.github.artifacts.items(), 1)
        ]
        self.send(200, {"artifacts": listed})

    def zip(self, number: str, _query: dict[str, str], _body: dict[str, Any]) -> None:
        self.github.files["/files/zip"] = list(self.github.artifacts.values())[int(number) - 1]
        self.send(302, {}, location=f"{self.github.url}/files/zip")

    def dispatch(self, _number: str, _query: dict[str, str], body: dict[str, Any]) -> None:
        self.github.dispatches.append(body)
        self.send(204, b"")

    def send(self, status: int, value: Any, location: str = "") -> None:
        data = value if isinstance(value, bytes) else json.dumps(value).encode()
        self.send_response(status)
        if location:
            self.send_header("Location", location)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)
