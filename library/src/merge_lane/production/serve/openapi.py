"""The OpenAPI page: FastAPI describes its own routes, POST /predict is described here from the contract."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import msgspec

from merge_lane.data import rows
from merge_lane.production.serve.predict import MAX_BODY_BYTES, PATH
from merge_lane.production.serve.requests import MAX_ROWS, RefusalBody

if TYPE_CHECKING:
    from merge_lane.model.bundle import Bundle
    from merge_lane.production.serve.requests import Requests

REFUSALS = {
    400: "The body is not JSON",
    405: "Another method than POST",
    408: "The body did not arrive in time",
    413: f"The body is larger than {MAX_BODY_BYTES:,} bytes",
    422: "The rows break the contract; every failing field is named",
    500: "The model could not score the rows",
}
MEANINGS = {
    "binary": "One probability of the positive class per row, in the rows' order",
    "multiclass": "The probability of each class per row, in the rows' order",
    "regression": "One value per row, in the rows' order",
}


def describe(openapi: dict[str, Any], bundle: Bundle, requests: Requests) -> dict[str, Any]:
    """Add POST /predict, with the types that the server really checks, to FastAPI's document."""
    answer = _answer_type(bundle)
    (asked, answered, refused), components = msgspec.json.schema_components(
        [requests.type, answer, RefusalBody], ref_template="#/components/schemas/{name}"
    )
    openapi.setdefault("components", {}).setdefault("schemas", {}).update(components)
    body: dict[str, Any] = {"schema": asked}
    if row := rows.example(bundle.schema):
        body["example"] = {"rows": [row]}
    openapi.setdefault("paths", {})[PATH] = {
        "post": {
            "summary": "Predict",
            "description": f"Scores 1 to {MAX_ROWS:,} rows. Nullable columns may be left out.",
            "operationId": "predict",
            "requestBody": {"required": True, "content": {"application/json": body}},
            "responses": {
                "200": _response("Predictions and the hash of the model that made them", answered),
                **{str(code): _response(text, refused) for code, text in REFUSALS.items()},
            },
        }
    }
    return openapi


def _response(description: str, schema: dict[str, Any]) -> dict[str, Any]:
    return {"description": description, "content": {"application/json": {"schema": schema}}}


def _answer_type(bundle: Bundle) -> type[msgspec.Struct]:
    value = {
        "binary": Annotated[float, msgspec.Meta(ge=0, le=1)],
        "multiclass": dict[str, Annotated[float, msgspec.Meta(ge=0, le=1)]],
        "regression": float,
    }[bundle.task]
    predictions = Annotated[list[value], msgspec.Meta(description=MEANINGS[bundle.task])]  # type: ignore[valid-type]
    model = Annotated[str, msgspec.Meta(description="sha256 of the bundle's manifest")]
    return msgspec.defstruct("PredictResponse", [("predictions", predictions), ("model", model)])
