"""A browser shows `/` and `/docs` without internet: every file comes from the server itself."""

import re
import sys
from dataclasses import replace
from html.parser import HTMLParser
from urllib.parse import urljoin, urlsplit

import pytest
from production.serve.rig import running

from merge_lane.production.serve.app import COMMIT_VARIABLE, Api

PAGES = ("/", "/docs")
LOCAL = "http://server"
KINDS = {".js": "text/javascript", ".css": "text/css", ".png": "image/png"}


class Page(HTMLParser):
    """Collects what a page loads, what it links to, and what is inline."""

    def __init__(self, text):
        super().__init__()
        self.assets, self.links, self.inline = [], [], []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attrs):
        fields = dict(attrs)
        address = fields.get("src") or fields.get("href")
        if address:
            (self.links if tag == "a" else self.assets).append(address)
        if tag == "style" or (tag == "script" and "src" not in fields):
            self.inline.append(tag)
        self.inline += [name for name in fields if name == "style" or name.startswith("on")]


def absolute(page, address):
    """Return the address as a browser resolves it on `page`."""
    return urljoin(LOCAL + page, address)


def policy(answer):
    """Return the directives of the Content-Security-Policy."""
    directives = answer.headers["content-security-policy"].split("; ")
    return {name: sources for name, *sources in map(str.split, directives)}


@pytest.fixture(params=PAGES)
def page(request, server):
    """A page with its path."""
    answer = server.get(request.param)
    assert (answer.status, answer.headers["content-type"]) == (200, "text/html; charset=utf-8")
    return request.param, Page(answer.text)


def test_every_asset_is_local(page, server):
    """Each file that a page loads answers 200 from this server, with its type."""
    path, parsed = page
    assert parsed.assets
    for address in parsed.assets:
        url = urlsplit(absolute(path, address))
        assert f"{url.scheme}://{url.netloc}" == LOCAL, address
        answer = server.get(url.path)
        assert (answer.status, bool(answer.content)) == (200, True), address
        assert answer.headers["content-type"].startswith(KINDS[url.path[url.path.rindex(".") :]])


def test_every_link_answers(page, server):
    """Each link leads to a path of this server."""
    path, parsed = page
    for address in parsed.links:
        url = absolute(path, address)
        assert url.startswith(f"{LOCAL}/")
        assert server.get(urlsplit(url).path).status == 200, address


def test_stylesheets_load_nothing_more(page, server):
    """A stylesheet imports no other file; its images are inside."""
    path, parsed = page
    (style,) = [address for address in parsed.assets if address.endswith(".css")]
    answer = server.get(urlsplit(absolute(path, style)).path)
    assert answer.status == 200
    assert "@import" not in answer.text
    assert all(url.startswith("data:") for url in re.findall(r"url\([\"']?([^)]*)", answer.text))


def test_the_policy_holds(page, server):
    """The policy allows this server alone, and the page has nothing inline that it would block."""
    path, parsed = page
    directives = policy(server.get(path))
    assert directives["default-src"] == ["'none'"]
    assert {source for sources in directives.values() for source in sources} <= {"'none'", "'self'", "data:"}
    assert parsed.inline == []


def test_the_docs_open_the_document(server):
    """Swagger UI reads /openapi.json and does not ask a validator on the internet."""
    start = server.get("/docs/start.js").text
    (url,) = re.findall(r'url: "([^"]*)"', start)
    assert absolute("/docs", url) == f"{LOCAL}/openapi.json"
    assert "validatorUrl: null" in start
    assert "://" not in start


def test_swagger_ui_reads_openapi_3_1(server):
    """The locked package contains a Swagger UI that reads OpenAPI 3.1."""
    bundle = server.get("/docs/swagger-ui-bundle.js").text
    assert "SwaggerUIBundle" in bundle
    assert "spec.openapis.org/oas/3.1" in bundle


def test_no_code_of_the_package_runs(server):
    """The package is read as files."""
    assert server.get("/docs/swagger-ui.css").status == 200
    assert "fastapi_swagger" not in sys.modules


@pytest.mark.parametrize("name", ["__init__.py", "..%2f__init__.py", "oauth2-redirect", "missing.js"])
def test_other_files_are_not_served(server, name):
    """Only the files of the page are served."""
    assert server.get(f"/docs/{name}").status == 404


def test_home_shows_what_is_served(toy_bundle, monkeypatch):
    """The home page shows the model's hash and the commit, and escapes them."""
    monkeypatch.setenv(COMMIT_VARIABLE, "<b>abc123")
    with running(Api(toy_bundle)) as client:
        text = client.get("/").text
    assert toy_bundle.hash in text
    assert "&lt;b&gt;abc123" in text
    assert "<b>" not in text


def test_home_names_what_is_not_known(toy_bundle, monkeypatch):
    """A fact without a value reads `not known`."""
    monkeypatch.delenv(COMMIT_VARIABLE, raising=False)
    with running(Api(replace(toy_bundle, manifest={**toy_bundle.manifest, "inputs": {}}))) as client:
        assert "<dt>data</dt><dd>not known</dd>" in client.get("/").text


def test_home_links_to_every_page(server):
    """The home page links to every path that answers GET."""
    paths = server.get("/openapi.json").json["paths"]
    documented = {path for path, operations in paths.items() if "get" in operations}
    links = {urlsplit(absolute("/", address)).path for address in Page(server.get("/").text).links}
    assert links == documented | {"/docs", "/openapi.json"}


@pytest.mark.parametrize("path", [*PAGES, "/docs/swagger-ui.css"])
def test_pages_answer_head(server, path):
    """A probe that sends HEAD gets the status without the body."""
    answer = server.send("HEAD", path)
    assert (answer.status, answer.content) == (200, b"")


def test_pages_stay_out_of_the_document(server):
    """The OpenAPI document describes the API, not its pages."""
    assert not {p for p in server.get("/openapi.json").json["paths"] if p == "/" or p.startswith("/docs")}
