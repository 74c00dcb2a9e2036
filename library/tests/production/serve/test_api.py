"""The API answers, refuses, describes itself and stays up."""

import json
import socket
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest
import toy
from openapi_spec_validator import validate
from production.serve.rig import running

from merge_lane.data import rows as plain
from merge_lane.errors import BundleError
from merge_lane.production.serve.app import COMMIT_VARIABLE, Api
from merge_lane.production.serve.predict import MAX_BODY_BYTES

FORBIDDEN = ("xgboost", "pandera", "polars", "pandas", "mlflow", "dvc", "onnx", "onnxmltools", "sklearn")


def test_a_row_is_scored_as_the_bundle_scores_it(server, toy_bundle):
    answer = server.predict(toy.ROW)
    expected = toy_bundle.predict(plain.arrays(toy.SCHEMA, [toy.ROW]))
    assert answer.json == {"predictions": expected.tolist(), "model": toy_bundle.hash}
    assert answer.headers["content-type"] == "application/json"


def test_many_rows_come_back_in_their_order(server, toy_bundle):
    rows = [{**toy.ROW, "wind": float(wind)} for wind in range(40)]
    expected = toy_bundle.predict(plain.arrays(toy.SCHEMA, rows)).tolist()
    assert server.predict(*rows).json["predictions"] == expected
    assert len(set(expected)) > 5


def test_fifty_callers_at_once_each_get_their_own_answer(server, toy_bundle):
    rows = [{**toy.ROW, "wind": float(number), "distance": 100.0 * (number + 1)} for number in range(50)]
    expected = toy_bundle.predict(plain.arrays(toy.SCHEMA, rows)).tolist()
    with ThreadPoolExecutor(50) as pool:
        answers = list(pool.map(server.predict, rows))
    assert [answer.json["predictions"] for answer in answers] == [[score] for score in expected]


def test_a_multiclass_answer_names_its_classes(serve_task):
    with running(serve_task("multiclass")) as client:
        (prediction,) = client.predict(toy.ROW).json["predictions"]
    assert list(prediction) == ["low", "middle", "high"]
    assert sum(prediction.values()) == pytest.approx(1.0, abs=1e-6)


def test_a_regression_answers_values(serve_task):
    with running(serve_task("regression")) as client:
        (prediction,) = client.predict(toy.ROW).json["predictions"]
    assert prediction > 1.0


def test_a_refusal_names_row_field_and_reason(server):
    answer = server.predict(toy.ROW, {**toy.ROW, "courier": "ZZ"})
    assert answer.status == 422
    (problem,) = answer.json["problems"]
    assert (problem["row"], problem["field"]) == (1, "courier")
    assert "ZZ" in problem["reason"]


@pytest.mark.parametrize(
    ("body", "status"),
    [(b"not json", 400), (b'{"rows": [{"wind": NaN}]}', 400), (b"", 400), (b" " * (MAX_BODY_BYTES + 1), 413)],
)
def test_a_body_that_cannot_be_read_is_refused(server, body, status):
    answer = server.send("POST", "/predict", body)
    assert answer.status == status
    assert answer.json["error"]


def test_a_body_of_many_megabytes_is_refused_with_words(server):
    answer = server.send("POST", "/predict", b" " * (9 * MAX_BODY_BYTES))
    assert (answer.status, answer.headers["connection"]) == (413, "close")


def test_a_body_in_chunks_is_read_whole(server):
    body = json.dumps({"rows": [toy.ROW]}).encode()
    assert server.send("POST", "/predict", (body[i : i + 7] for i in range(0, len(body), 7))).status == 200


def test_another_method_is_told_the_right_one(server):
    answer = server.get("/predict")
    assert (answer.status, answer.headers["allow"]) == (405, "POST")


def test_a_server_that_is_ready_says_so(server):
    assert server.get("/healthz").json == {"status": "alive"}
    assert server.get("/readyz").json == {"status": "ready"}


def test_a_server_is_not_ready_before_its_self_test(toy_bundle):
    with running(Api(toy_bundle)) as client:
        assert (client.get("/healthz").status, client.get("/readyz").status) == (200, 503)
        client.api.warm_up()
        assert client.get("/readyz").status == 200


def test_a_server_whose_self_test_fails_never_becomes_ready(toy_bundle):
    test = {**toy_bundle.manifest["self_test"], "scores": [0.123]}
    api = Api(replace(toy_bundle, manifest={**toy_bundle.manifest, "self_test": test}))
    with pytest.raises(BundleError, match="its own example"):
        api.warm_up()
    assert not api.ready


def test_the_version_is_the_identity_chain(toy_bundle, monkeypatch):
    monkeypatch.setenv(COMMIT_VARIABLE, "abc123")
    version = Api(toy_bundle).version().model_dump()
    assert version.pop("version")
    assert version == {
        "model": toy_bundle.hash, "data": toy.INPUTS["data"], "contract": toy.SCHEMA.hash, "commit": "abc123",
    }  # fmt: skip


def test_a_model_that_fails_is_a_500_and_the_next_request_is_answered(toy_bundle, caplog):
    def build(arrays):
        if (arrays["parcel"] == 13).any():
            raise ValueError("a bug in features.py")
        return toy.build(arrays)

    with running(Api(replace(toy_bundle, build=build))) as client:
        failed = client.predict({**toy.ROW, "parcel": 13})
        assert client.predict(toy.ROW).status == 200
        metrics = client.get("/metrics").text
    assert failed.status == 500
    assert "a bug in features.py" not in failed.text
    assert "a bug in features.py" in caplog.text
    assert 'merge_lane_requests_total{code="500"} 1.0' in metrics


def test_no_value_of_a_request_is_logged(server, caplog):
    caplog.set_level("DEBUG")
    server.predict({**toy.ROW, "courier": "SECRET"})
    assert "refused" in caplog.text
    assert "SECRET" not in caplog.text
    assert all("SECRET" not in str(record.__dict__) for record in caplog.records)


def test_the_openapi_document_is_valid_and_describes_the_contract(server):
    document = server.get("/openapi.json").json
    validate(document)
    fields = document["components"]["schemas"]["Row"]["properties"]
    assert list(fields) == [column.name for column in toy.SCHEMA.request]
    assert fields["distance"]["description"] == "Length of the route. Unit: miles"
    assert (fields["distance"]["minimum"], fields["distance"]["maximum"]) == (0, 6000)
    assert fields["courier"]["enum"] == ["AA", "B6", "UA"]
    assert document["components"]["schemas"]["Row"]["required"] == [n for n in fields if n != "wind"]


def test_the_example_of_the_openapi_document_can_be_sent(server):
    operation = server.get("/openapi.json").json["paths"]["/predict"]["post"]
    example = operation["requestBody"]["content"]["application/json"]["example"]
    assert server.send("POST", "/predict", json.dumps(example)).status == 200
    assert {"200", "400", "413", "422"} <= set(operation["responses"])


@pytest.mark.parametrize("task", ["multiclass", "regression"])
def test_the_openapi_document_of_every_task_is_valid(serve_task, task):
    validate(serve_task(task).pages.openapi())


def test_serving_imports_no_training_tool(toy_directory):
    script = f"""
import asyncio, sys, toy
from merge_lane.model import bundle
from merge_lane.commands import serve
from merge_lane.production.serve import server, trial
api = server.Api(bundle.load({str(toy_directory)!r}, build=toy.build))
api.warm_up()
api.pages.openapi()
found = [name for name in {FORBIDDEN} if name in sys.modules]
assert not found, found
"""
    environment = {"PYTHONPATH": str(Path(toy.__file__).parent), "PATH": ""}
    subprocess.run([sys.executable, "-c", script], check=True, timeout=60, env=environment)


def test_a_caller_that_leaves_in_the_middle_of_its_body_disturbs_nobody(server):
    with socket.create_connection(("127.0.0.1", server.port)) as caller:
        caller.sendall(b"POST /predict HTTP/1.1\r\nHost: x\r\nContent-Length: 500\r\n\r\n{")
    assert server.predict(toy.ROW).status == 200
