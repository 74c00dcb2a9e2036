"""The API answers the contract's example, and names the field of a request that it refuses."""

import asyncio
import json

import pytest
from merge_lane.data import rows as plain
from merge_lane.production.serve.app import Api


@pytest.fixture
def call(model):
    """Call the API in this process: call("POST", "/predict", rows) is the status and the decoded answer."""
    api = Api(model)
    api.warm_up()

    def request(method, path, rows=()):
        body, sent = json.dumps({"rows": rows}).encode(), []

        async def receive():
            return {"type": "http.request", "body": body}

        async def send(message):
            sent.append(message)

        scope = {"type": "http", "method": method, "path": path, "headers": [], "query_string": b""}
        asyncio.run(api(scope, receive, send))
        return sent[0]["status"], json.loads(b"".join(message.get("body", b"") for message in sent[1:]))

    return request


def test_example_is_scored_as_the_model_scores_it(call, model, row):
    """The answer holds the prediction and the hash of the model."""
    status, answer = call("POST", "/predict", [row])
    expected = model.predict(plain.arrays(model.schema, [row])).tolist()
    if model.task == "multiclass":
        expected = [dict(zip(model.classes, expected[0], strict=True))]
    assert (status, answer) == (200, {"predictions": expected, "model": model.hash})


def test_missing_field_is_refused(call, model, row):
    """Each column that must not be missing is asked for by name."""
    required = [column.name for column in model.schema.request if not column.nullable]
    for name in required:
        status, answer = call("POST", "/predict", [{key: row[key] for key in row if key != name}])
        assert status == 422
        assert name in json.dumps(answer, ensure_ascii=False)


def test_value_beyond_its_limit_is_refused(call, model, row):
    """A number outside the contract's range is a 422 that names the field."""
    for column in model.schema.request:
        if column.maximum is not None:
            status, answer = call("POST", "/predict", [{**row, column.name: column.maximum + 1}])
            assert (status, answer["problems"][0]["field"]) == (422, column.name)


def test_version_names_the_model(call, model):
    """What is served can be compared with what was reviewed."""
    status, answer = call("GET", "/version")
    assert status == 200
    assert (answer["model"], answer["contract"]) == (model.hash, model.schema.hash)
