"""A few requests after a deployment: quiet on the right answers, and each wrong one is named."""

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import SimpleNamespace

import pytest

from merge_lane.errors import DeployError
from merge_lane.release import smoke

MODEL = "a" * 64
RELEASE = SimpleNamespace(model=MODEL)
BODIES = [b'{"rows": [{}]}'] * 30


@pytest.fixture
def api():
    """An API that answers what the test says; `asked` counts."""
    state = SimpleNamespace(status=200, answer={"predictions": [0.3], "model": MODEL}, asked=0)

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            self.rfile.read(int(self.headers["content-length"]))
            state.asked += 1
            body = state.answer if isinstance(state.answer, bytes) else json.dumps(state.answer).encode()
            self.send_response(state.status)
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    state.url = f"http://127.0.0.1:{server.server_port}"
    yield state
    server.shutdown()
    server.server_close()


@pytest.mark.parametrize("prediction", [0.3, 7, {"low": 0.2, "high": 0.8}])
def test_right_answers_of_every_task_are_counted(api, prediction):
    api.answer = {"predictions": [prediction], "model": MODEL}
    assert smoke.check(api.url, BODIES, RELEASE, "staging") == api.asked == smoke.REQUESTS


@pytest.mark.parametrize(
    ("status", "answer", "said"),
    [
        (500, {"error": "the log says why"}, "answered 500: .*the log says why"),
        (422, {"error": "no"}, "answered 422"),
        (200, {"predictions": [0.3], "model": "b" * 64}, "the model bbbb"),
        (200, {"predictions": [], "model": MODEL}, "no prediction"),
        (200, {"predictions": [0.1, 0.2], "model": MODEL}, "no prediction"),
        (200, {"predictions": [None], "model": MODEL}, "no prediction"),
        (200, {"predictions": [True], "model": MODEL}, "no prediction"),
        (200, {"predictions": [{}], "model": MODEL}, "no prediction"),
        (200, b'{"predictions": [NaN], "model": "%b"}' % MODEL.encode(), "no prediction"),
        (200, b"not JSON", "no answer"),
    ],
)
def test_a_wrong_answer_is_named_with_the_way_back(api, status, answer, said):
    api.status, api.answer = status, answer
    with pytest.raises(DeployError, match=said) as raised:
        smoke.check(api.url, BODIES, RELEASE, "staging")
    assert "rollback --environment staging" in raised.value.next
    assert api.asked == 1


def test_nobody_at_the_address_is_named():
    with pytest.raises(DeployError, match="no answer"):
        smoke.check("http://127.0.0.1:9", BODIES, RELEASE, "staging")
