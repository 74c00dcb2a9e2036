"""The pages for a browser, `/` and `/docs`: every file comes from this server, so they need no internet."""

from __future__ import annotations

from html import escape
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING

from starlette.exceptions import HTTPException
from starlette.responses import FileResponse, HTMLResponse, Response

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fastapi import FastAPI
    from starlette.requests import Request

# The browser loads files from this server only, and runs no inline script.
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
SECURITY = {"Content-Security-Policy": POLICY, "X-Content-Type-Options": "nosniff"}
CACHE = {"Cache-Control": "public, max-age=3600", "X-Content-Type-Options": "nosniff"}

# The locked package contains Swagger UI's files. Its code is never imported.
PACKAGE = "fastapi-swagger"
FOLDER = "fastapi_swagger/resources"
SWAGGER_FILES = {
    "swagger-ui-bundle.js": "text/javascript",
    "swagger-ui.css": "text/css",
    "favicon-32x32.png": "image/png",
}

LINKS = {
    "docs": "The API, and a form that sends requests",
    "openapi.json": "The same API as an OpenAPI document",
    "version": "Which model, data, contract and code are served",
    "metrics": "Metrics for Prometheus",
    "healthz": "Is the process alive?",
    "readyz": "May it get traffic?",
}

# The addresses are relative, so the pages also work behind a proxy that adds a prefix.
HEAD = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<link rel="icon" href="docs/favicon-32x32.png">
<link rel="stylesheet" href="docs/{style}">
</head>
"""
DOCS = """<body>
<div id="swagger-ui"></div>
<noscript>This page needs JavaScript; <a href="openapi.json">openapi.json</a> does not.</noscript>
<script src="docs/swagger-ui-bundle.js"></script>
<script src="docs/start.js"></script>
</body>
</html>
"""
HOME = """<body>
<h1>{title}</h1>
<p>{description}</p>
<dl>
{facts}
</dl>
<ul>
{links}
</ul>
</body>
</html>
"""
# Without validatorUrl, Swagger UI sends the document's address to a server on the internet.
START = """SwaggerUIBundle({
  url: "openapi.json",
  dom_id: "#swagger-ui",
  deepLinking: true,
  validatorUrl: null,
});
"""
STYLE = """:root { color-scheme: light dark; }
body { font: 1rem/1.5 system-ui, sans-serif; max-width: 44rem; margin: 2rem auto; padding: 0 1rem; }
dt { font-weight: 600; }
dd { margin: 0 0 .5rem; font-family: ui-monospace, monospace; overflow-wrap: anywhere; }
ul { padding: 0; list-style: none; }
li { margin: .75rem 0; }
li a { font-family: ui-monospace, monospace; margin-right: .5rem; }
"""
OWN_FILES = {"start.js": (START, "text/javascript"), "home.css": (STYLE, "text/css")}


def add_pages(app: FastAPI, facts: Mapping[str, str]) -> None:
    """Add `/`, which shows `facts`, and `/docs` with its files. None is part of the OpenAPI document."""
    home = _home(app.title, app.description, facts)
    docs = HEAD.format(title=escape(f"{app.title} API"), style="swagger-ui.css") + DOCS

    async def show_home(_: Request) -> Response:
        return HTMLResponse(home, headers=SECURITY)

    async def show_docs(_: Request) -> Response:
        return HTMLResponse(docs, headers=SECURITY)

    app.add_route("/", show_home, include_in_schema=False)
    app.add_route("/docs", show_docs, include_in_schema=False)
    app.add_route("/docs/{name}", _file, include_in_schema=False)


def _home(title: str, description: str, facts: Mapping[str, str]) -> str:
    rows = [f"<dt>{escape(key)}</dt><dd>{escape(value or 'not known')}</dd>" for key, value in facts.items()]
    links = [f'<li><a href="{path}">/{path}</a> {escape(meaning)}</li>' for path, meaning in LINKS.items()]
    body = HOME.format(
        title=escape(title), description=escape(description), facts="\n".join(rows), links="\n".join(links)
    )
    return HEAD.format(title=escape(title), style="home.css") + body


def _file(request: Request) -> Response:
    """Send one file of the pages. It runs in a thread, so predictions do not wait for the disk."""
    name = request.path_params["name"]
    if name in OWN_FILES:
        text, kind = OWN_FILES[name]
        return Response(text, media_type=kind, headers=CACHE)
    if name in SWAGGER_FILES:
        folder = Path(str(metadata.distribution(PACKAGE).locate_file(FOLDER)))
        return FileResponse(folder / name, media_type=SWAGGER_FILES[name], headers=CACHE)
    raise HTTPException(404)
