"""What a caller sends and gets: message types made from the contract, and refusals that name every field."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any, Literal

import msgspec
from msgspec.structs import astuple

from merge_lane.data import rows as plain

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from merge_lane.data.columns import Arrays, Column, Schema

MAX_ROWS = 1000
"""Rows of one request; more belong into a batch job."""

MAX_PROBLEMS = 100
"""Problems listed in one refusal; all are counted."""

EXACT = 2**53
"""Integers up to here are exact as float64; beyond it a value would silently change."""


NOT_JSON = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)
"""What decoding raises for bytes that are not JSON, numbers that no float holds, and nesting without end."""


class Problem(msgspec.Struct, frozen=True):
    """One field that breaks the contract."""

    row: Annotated[int | None, msgspec.Meta(description="Index in rows; null for the request as a whole")]
    field: Annotated[str, msgspec.Meta(description="Name of the column")]
    reason: str


class RefusalBody(msgspec.Struct, frozen=True):
    """Why a request was refused."""

    error: str
    problems: Annotated[
        list[Problem], msgspec.Meta(description=f"Every field that failed, at most {MAX_PROBLEMS}")
    ] = []
    total: Annotated[int, msgspec.Meta(description="How many fields failed")] = 0


class Refusal(Exception):  # noqa: N818 - the caller's mistake, not ours
    """A request that is answered with `status` and `body` instead of predictions."""

    def __init__(self, status: int, error: str, problems: Sequence[Problem] = ()) -> None:
        super().__init__(error)
        self.status = status
        self.body = RefusalBody(error, list(problems[:MAX_PROBLEMS]), len(problems))


class Requests:
    """Decodes request bodies into columns, by the contract. One per loaded model."""

    def __init__(self, schema: Schema) -> None:
        self.columns = schema.request
        self.types = {column.name: _annotation(column) for column in self.columns}
        self.row_type = _row_type(self.columns, self.types)
        self.type = msgspec.defstruct(
            "PredictRequest",
            [("rows", Annotated[list[self.row_type], msgspec.Meta(min_length=1, max_length=MAX_ROWS)])],  # type: ignore[name-defined]
            forbid_unknown_fields=True,
        )
        self._decoder = msgspec.json.Decoder(self.type)

    def decode(self, body: bytes) -> list[msgspec.Struct]:
        """Return the rows of a request. Raises Refusal: 400 for what is not JSON, 422 with each bad field."""
        try:
            decoded: Any = self._decoder.decode(body)
        except msgspec.ValidationError as error:
            problems = self.problems(_any_json(body)) or [Problem(None, "", str(error))]
            fields = "1 field" if len(problems) == 1 else f"{len(problems)} fields"
            raise Refusal(422, f"{fields} of the request break the contract.", problems) from error
        except NOT_JSON as error:
            raise _not_json(error) from error
        rows: list[msgspec.Struct] = decoded.rows
        return rows

    def arrays(self, rows: Sequence[msgspec.Struct]) -> Arrays:
        """Return decoded rows as columns."""
        by_column = zip(*map(astuple, rows), strict=True)
        return {
            column.name: plain.array(column, values)
            for column, values in zip(self.columns, by_column, strict=True)
        }

    def problems(self, request: Any) -> list[Problem]:
        """Return every problem of a request that was refused. Slow and thorough: only for refusals."""
        if not isinstance(request, dict) or not isinstance(request.get("rows"), list):
            return [Problem(None, "rows", 'Send an object {"rows": [{...}, ...]}, one object per row')]
        problems = [Problem(None, name, "Not a part of a request") for name in request if name != "rows"]
        if not 1 <= len(request["rows"]) <= MAX_ROWS:
            count = len(request["rows"])
            problems.append(
                Problem(None, "rows", f"Send 1 to {MAX_ROWS:,} rows in one request, not {count:,}")
            )
        for place, row in enumerate(request["rows"]):
            problems.extend(Problem(place, name, reason) for name, reason in self._row_problems(row))
        return problems

    def _row_problems(self, row: Any) -> Iterator[tuple[str, str]]:
        if not isinstance(row, dict):
            yield "", "A row is an object with one value per column"
            return
        for column in self.columns:
            if column.name in row:
                reason = _reason(column, row[column.name], self.types[column.name])
            else:
                reason = "" if column.nullable else "Missing"
            if reason:
                yield column.name, reason
        for name in row.keys() - self.types.keys():
            yield name, "Not a column that a request has"


def _any_json(body: bytes) -> Any:
    try:
        return msgspec.json.decode(body)
    except NOT_JSON as error:
        raise _not_json(error) from error


def _not_json(error: Exception) -> Refusal:
    return Refusal(400, f"The body is not JSON that can be read: {error}.")


def _reason(column: Column, value: Any, annotation: Any) -> str:
    """Return why `value` is not one of the column; empty where it is."""
    try:
        msgspec.convert(value, annotation)
    except msgspec.ValidationError as error:
        text = str(error)
        if column.allowed and text.startswith("Invalid enum value"):
            return f"{text}; allowed: {', '.join(map(str, column.allowed))}"
        unit = f" ({column.unit})" if column.unit else ""
        return text + unit
    return ""


def _row_type(columns: Sequence[Column], types: dict[str, Any]) -> type[msgspec.Struct]:
    """Return the type of one row. Its fields are c0, c1, ...: a column's name need not be Python's."""
    attributes = [f"c{place}" for place in range(len(columns))]
    fields: list[Any] = [
        (attribute, types[column.name], None) if column.nullable else (attribute, types[column.name])
        for attribute, column in zip(attributes, columns, strict=True)
    ]
    return msgspec.defstruct(
        "Row",
        fields,
        rename={attribute: column.name for attribute, column in zip(attributes, columns, strict=True)},
        forbid_unknown_fields=True,
        kw_only=True,
        frozen=True,
        gc=False,  # rows hold plain values: nothing for the garbage collector to follow
    )


def _annotation(column: Column) -> Any:
    value = _value_type(column)
    description = ". ".join(part for part in (column.description, _unit(column)) if part)
    meta = msgspec.Meta(
        description=description or None,
        examples=None if column.example is None else [column.example],
        extra_json_schema={"x-known": str(column.known)},
    )
    return Annotated[value | None if column.nullable else value, meta]


def _unit(column: Column) -> str:
    if column.dtype == "datetime":
        return "Local time without an offset"
    return f"Unit: {column.unit}" if column.unit else ""


def _value_type(column: Column) -> Any:
    if column.allowed is not None:
        return Literal[column.allowed]
    if column.dtype == "datetime":
        return Annotated[datetime, msgspec.Meta(tz=False)]
    if column.dtype == "bool":
        return bool
    if column.dtype == "str":
        return Annotated[str, msgspec.Meta(pattern=_anchored(column.pattern))]
    if column.dtype == "int":
        low = -EXACT if column.minimum is None else int(column.minimum)
        high = EXACT if column.maximum is None else int(column.maximum)
        return Annotated[int, msgspec.Meta(ge=low, le=high)]
    return Annotated[float, msgspec.Meta(ge=column.minimum, le=column.maximum)]


def _anchored(pattern: str | None) -> str | None:
    """The contract's pattern starts at the first character, as pandera reads it; msgspec would search."""
    return pattern if pattern is None or pattern.startswith("^") else f"^(?:{pattern})"
