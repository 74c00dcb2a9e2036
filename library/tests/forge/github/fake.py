"""A GitHub that keeps one repository's settings in memory, and serves them over TLS where asked to."""

from __future__ import annotations

import json
import re
from http.server import BaseHTTPRequestHandler

from forge.github.tls import TlsServer

from merge_lane.errors import GitHubError
from merge_lane.forge.github.client import Client


class Repository:
    """The state behind the API's routes, and every change that was asked for."""

    def __init__(self):
        self.labels, self.variables, self.environments, self.policies, self.rulesets = {}, {}, {}, {}, {}
        self.permissions = {
            "default_workflow_permissions": "write",
            "can_approve_pull_request_reviews": False,
        }
        self.secrets = {}
        self.sent = []
        self.refuse = {}  # path -> (status, answer)

    def answer(self, method, path, query, body):
        """Return the status and the value of one request."""
        if method != "GET":
            self.sent.append((method, path))
        if path in self.refuse:
            return self.refuse[path]
        for pattern, handler in ROUTES.items():
            if found := re.fullmatch(pattern, path):
                return handler(self, method, *found.groups(), query=query, body=body)
        return 404, {"message": "Not Found"}


def people(_repository, _method, login, **_):
    kind = {"ada": "User", "acme": "Organization"}.get(login)
    return (200, {"login": login, "id": len(login), "type": kind}) if kind else (404, {})


def listed(entries, query, key=None):
    page, size = int(query.get("page", 1)), int(query.get("per_page", 30))
    some = list(entries.values())[(page - 1) * size : page * size]
    return 200, ({"total_count": len(entries), key: some} if key else some)


def labels(repository, method, *, query, body):
    if method == "GET":
        return listed(repository.labels, query)
    repository.labels[body["name"]] = body
    return 201, body


def label(repository, _method, name, *, body, **_):
    repository.labels[name].update(body)
    return 200, {}


def variables(repository, method, *, query, body):
    if method == "GET":
        return listed(repository.variables, query, "variables")
    repository.variables[body["name"]] = body
    return 201, {}


def variable(repository, _method, name, *, body, **_):
    repository.variables[name] = body
    return 204, {}


def secrets(repository, _method, *, query, **_):
    return listed(repository.secrets, query, "secrets")


def environment(repository, method, name, *, body, **_):
    if method == "PUT":
        rule = {
            "type": "required_reviewers",
            "reviewers": [{"type": r["type"], "reviewer": {"id": r["id"]}} for r in body["reviewers"]],
        }
        policy = body["deployment_branch_policy"]
        repository.environments[name] = {
            "name": name,
            "protection_rules": [rule],
            "deployment_branch_policy": policy,
        }
    return (200, repository.environments[name]) if name in repository.environments else (404, {})


def policies(repository, method, name, *, body, **_):
    has = repository.policies.setdefault(name, {})
    if method == "POST":
        has[body["name"]] = body
    return 200, {"branch_policies": list(has.values())}


def rulesets(repository, method, *, query, body):
    if method == "GET":
        return listed({k: {"id": k, "name": v["name"]} for k, v in repository.rulesets.items()}, query)
    repository.rulesets[len(repository.rulesets) + 1] = body
    return 201, {}


def ruleset(repository, method, number, *, body, **_):
    if method == "PUT":
        repository.rulesets[int(number)] = body
    return 200, {**repository.rulesets[int(number)], "source_type": "Repository"}


def permissions(repository, method, *, body, **_):
    if method == "PUT":
        repository.permissions = body
    return 200, repository.permissions


HERE = "repos/acme/parcels"
ROUTES = {
    HERE: lambda *_, **__: (200, {"default_branch": "main"}),
    "user": lambda *_, **__: (200, {"login": "ada"}),
    r"users/([\w-]+)": people,
    "orgs/acme/teams/ops": lambda *_, **__: (200, {"id": 77, "slug": "ops"}),
    f"{HERE}/labels": labels,
    f"{HERE}/labels/(.+)": label,
    f"{HERE}/actions/variables": variables,
    f"{HERE}/actions/variables/(.+)": variable,
    f"{HERE}/actions/secrets": secrets,
    f"{HERE}/actions/permissions/workflow": permissions,
    f"{HERE}/environments/(\\w+)": environment,
    f"{HERE}/environments/(\\w+)/deployment-branch-policies": policies,
    f"{HERE}/rulesets": rulesets,
    f"{HERE}/rulesets/(\\d+)": ruleset,
}


def split(path):
    """Return the path and the query of what follows the API's root."""
    path, _, query = path.partition("?")
    return path, dict(pair.split("=") for pair in query.split("&") if pair)


class InMemory(Client):
    """The client without `gh`: the same calls, answered in this process."""

    def __init__(self, repository):
        super().__init__("acme/parcels")
        self.state = repository

    def _call(self, method, path, body, *, missing):
        whole = path[1:] if path.startswith("/") else f"repos/{self.repository}/{path}".rstrip("/")
        route, query = split(whole)
        status, value = self.state.answer(method, route, query, body)
        if status == 404 and missing:
            return None
        if status >= 400:
            raise GitHubError(f"GitHub refused: {value.get('message')}", next="read it")
        return value


class Served(TlsServer):
    """The same over TLS on loopback, for the real `gh`."""

    def __init__(self, repository, certificate):
        super().__init__(type("Handler", (_Handler,), {"state": repository}), certificate)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.0"

    def log_message(self, *arguments):
        pass

    def _read(self):
        """Return the body; `gh` sends what it reads from its input in chunks."""
        if self.headers.get("Transfer-Encoding") != "chunked":
            return self.rfile.read(int(self.headers.get("Content-Length") or 0))
        data = b""
        while size := int(self.rfile.readline(), 16):
            data += self.rfile.read(size)
            self.rfile.readline()
        return data

    def _answer(self):
        body = json.loads(self._read() or b"null")
        path, query = split(self.path.removeprefix("/api/v3/"))
        known = self.headers.get("Authorization", "").endswith("good")
        status, value = (
            self.state.answer(self.command, path, query, body) if known else (401, {"message": "Bad"})
        )
        data = b"" if status == 204 else json.dumps(value).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    do_GET = do_POST = do_PUT = do_PATCH = _answer  # noqa: N815 - http.server's names
