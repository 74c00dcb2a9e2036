"""The API: FastAPI for the pages that people and orchestrators read, a bare route for predictions."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any, Literal

from fastapi import FastAPI, Response, status
from pydantic import BaseModel

from merge_lane.errors import GitError
from merge_lane.production.serve.metrics import Metrics
from merge_lane.production.serve.openapi import describe
from merge_lane.production.serve.pages import add_pages
from merge_lane.production.serve.predict import PATH, Predict
from merge_lane.repository.git import ask
from merge_lane.version import __version__

if TYPE_CHECKING:
    from starlette.types import Receive, Scope, Send

    from merge_lane.model.bundle import Bundle

COMMIT_VARIABLE = "MERGE_LANE_COMMIT"
DESCRIPTION = "Predictions of one model. The contract of the project defines every field of a request."


class Health(BaseModel):
    """Whether the process lives, or is ready."""

    status: Literal["alive", "ready", "starting"]


class Version(BaseModel):
    """What exactly is served: the identity chain ends here."""

    model: str
    """sha256 of the bundle's manifest: the model's hash everywhere."""
    data: str
    """sha256 of the features that it was trained on."""
    contract: str
    """sha256 of the data contract."""
    commit: str
    """git commit of the code; empty where it is not known."""
    version: str
    """Version of the package."""


class Api:
    """The ASGI application of one bundle. Not ready until `warm_up` has scored the bundle's own example."""

    def __init__(self, bundle: Bundle) -> None:
        self.bundle = bundle
        self.ready = False
        self.metrics = Metrics(bundle)
        self.predict = Predict(bundle, self.metrics)
        self.pages = _pages(self)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer predictions directly and leave the rest to FastAPI."""
        if scope["type"] == "http" and scope["path"] == PATH:
            await self.predict(scope, receive, send)
        else:
            await self.pages(scope, receive, send)

    def warm_up(self) -> None:
        """Load the model and run its self test. Raises BundleError where it does not score as it should."""
        self.bundle.self_test()
        self.ready = True

    def version(self) -> Version:
        """Return what is served."""
        inputs = self.bundle.manifest["inputs"]
        return Version(
            model=self.bundle.hash,
            data=inputs.get("data", ""),
            contract=self.bundle.schema.hash,
            commit=commit(),
            version=__version__,
        )


def commit() -> str:
    """Return the git commit of the code: as the image says, or as the checkout says; empty for neither."""
    if commit := os.environ.get(COMMIT_VARIABLE):
        return commit
    try:
        return ask("rev-parse", "HEAD", root=".", seconds=5) or ""
    except GitError:  # an image has no git
        return ""


def _pages(api: Api) -> FastAPI:
    name = "Merge Lane"
    pages = FastAPI(title=name, version=__version__, description=DESCRIPTION, docs_url=None, redoc_url=None)
    described = pages.openapi
    version = api.version()  # git is asked once, not per request
    add_pages(pages, version.model_dump())

    def openapi() -> dict[str, Any]:
        if pages.openapi_schema is None:
            pages.openapi_schema = describe(described(), api.bundle, api.predict.requests)
        return pages.openapi_schema

    pages.openapi = openapi  # type: ignore[method-assign]

    @pages.get("/healthz", summary="Is the process alive?")
    async def healthz() -> Health:
        return Health(status="alive")

    @pages.get("/readyz", summary="May it get traffic?", responses={503: {"model": Health}})
    async def readyz(response: Response) -> Health:
        if api.ready:
            return Health(status="ready")
        response.status_code = status.HTTP_503_SERVICE_UNAVAILABLE
        return Health(status="starting")

    @pages.get("/version", summary="Which model, data, contract and code are served?")
    async def served() -> Version:
        return version

    @pages.get("/metrics", summary="Metrics for Prometheus", response_class=Response)
    async def metrics() -> Response:
        return Response(api.metrics.text(), media_type="text/plain; version=0.0.4; charset=utf-8")

    return pages
