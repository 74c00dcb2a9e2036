"""The peer: the model behind FastAPI as tutorials write it.

    python -m benchmarks.tutorial MODELS PORT pandas|onnx

`pandas` makes a DataFrame of each request and asks XGBClassifier (or XGBRegressor). `onnx` has neither: it
asks ONNX Runtime as this project does, and shows what FastAPI's own way through a request costs. Both build
the features with the project's own code, which spares them the pandas that a tutorial would use there.
Access logs are off.
"""

from __future__ import annotations

import sys
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import uvicorn
from fastapi import FastAPI
from merge_lane.data import rows
from merge_lane.model import bundle
from pydantic import BaseModel, create_model

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from merge_lane.data.columns import Column
    from merge_lane.model.bundle import Bundle

    Records = Sequence[dict[str, Any]]
    Score = Callable[[Records], list[Any]]

TYPES: dict[str, type] = {"str": str, "int": int, "float": float, "bool": bool, "datetime": datetime}


def app(loaded: Bundle, score: Score) -> FastAPI:
    """Return the application."""
    fields: dict[str, Any] = {column.name: _field(column) for column in loaded.schema.request}
    row = create_model("Row", **fields)
    request = create_model("Request", rows=(list[row], ...))  # type: ignore[valid-type]
    made = FastAPI()

    def predict(body: BaseModel) -> dict[str, Any]:
        return {"predictions": score(body.model_dump()["rows"])}

    predict.__annotations__["body"] = request
    made.post("/predict")(predict)
    return made


def _field(column: Column) -> tuple[Any, Any]:
    kind = TYPES[column.dtype]
    return (kind | None, None) if column.nullable else (kind, ...)


def with_pandas(loaded: Bundle, models: Path) -> Score:
    """Score by a DataFrame and xgboost's estimator."""
    import pandas as pd
    import xgboost

    kind = xgboost.XGBRegressor if loaded.task == "regression" else xgboost.XGBClassifier
    model = kind()
    model.load_model(models / "model.ubj")

    def score(records: Records) -> list[Any]:
        frame = pd.DataFrame(records)
        columns = {
            column.name: rows.array(column, frame[column.name].tolist()) for column in loaded.schema.request
        }
        matrix = pd.DataFrame(loaded.matrix(columns), columns=list(loaded.encoding.names))
        if loaded.task == "regression":
            return list(model.predict(matrix).tolist())
        chances = model.predict_proba(matrix)
        return list((chances[:, 1] if loaded.task == "binary" else chances).tolist())

    return score


def with_onnx(loaded: Bundle, _: Path) -> Score:
    """Score as this project does."""

    def score(records: Records) -> list[Any]:
        return list(loaded.predict(rows.arrays(loaded.schema, records)).tolist())

    return score


def main(argv: Sequence[str]) -> int:
    """Serve until stopped."""
    models, port, kind = argv
    loaded = bundle.load(models)
    score = {"pandas": with_pandas, "onnx": with_onnx}[kind](loaded, Path(models))
    uvicorn.run(app(loaded, score), host="127.0.0.1", port=int(port), access_log=False, log_level="warning")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
