"""The router: exact shares, kept connections, and no request sent twice."""

import asyncio
import json

import pytest

from merge_lane.release.targets import net
from merge_lane.release.targets.local import http1, router, tally


def control(generation=1, epoch="d1", **versions):
    table = {name: {"port": port, "weight": weight} for name, (port, weight) in versions.items()}
    return {"generation": generation, "epoch": epoch, "edges": [0.5], "versions": table}


def test_shares_are_exact_in_every_hundred_and_random_inside(tmp_path):
    front = router.Router(tmp_path)
    front.obey(control(stable=(1, 90), canary=(2, 10)))
    blocks = [[front.pick().name for _ in range(100)] for _ in range(5)]
    assert [block.count("canary") for block in blocks] == [10] * 5
    assert len({tuple(block) for block in blocks}) > 1


def test_new_epoch_counts_anew_and_new_weights_alone_do_not(tmp_path):
    front = router.Router(tmp_path)
    front.obey(control(stable=(1, 90), canary=(2, 10)))
    front.versions["stable"].tally.fail()
    front.obey(control(2, stable=(1, 50), canary=(2, 50)))
    assert front.versions["stable"].tally.requests == 1
    front.obey(control(3, epoch="d2", stable=(1, 50), canary=(2, 50)))
    assert front.versions["stable"].tally.requests == 0


def test_version_that_leaves_the_table_ends_what_it_has_under_way(tmp_path):
    front = router.Router(tmp_path)
    front.obey(control(stable=(1, 100)))
    old = front.versions["stable"]
    old.busy = 1
    front.obey(control(2, better=(2, 100)))
    assert front.draining == [old]
    assert not front._drained(old)
    old.busy = 0
    assert front._drained(old)


class Backend:
    """Answers by a script: bytes to send, or None to break off."""

    def __init__(self, *answers):
        self.answers = list(answers)
        self.requests = []
        self.connections = 0

    async def serve(self, reader, writer):
        self.connections += 1
        while (request := await http1.read_request(reader, writer)) is not None:
            self.requests.append(request)
            answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
            if answer is None:
                break
            writer.write(answer)
        writer.close()


def answer(body=b'{"predictions": [0.7, 0.2]}', status=200, head=b""):
    return b"HTTP/1.1 %d X\r\n%scontent-length: %d\r\n\r\n%s" % (status, head, len(body), body)


def through(tmp_path, requests, backends, weights):
    """Send bytes through a router to backends; return what came back and the router."""

    async def act():
        servers = [await asyncio.start_server(b.serve, "127.0.0.1", 0) if b else None for b in backends]
        ports = [server.sockets[0].getsockname()[1] if server else net.free_port() for server in servers]
        front = router.Router(tmp_path)
        front.obey(control(**{f"v{i}": pair for i, pair in enumerate(zip(ports, weights, strict=True))}))
        server = await asyncio.start_server(front.serve_client, "127.0.0.1", 0)
        reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname()[:2])
        writer.write(requests)
        writer.write_eof()
        got = await asyncio.wait_for(reader.read(), 10)
        for each in [server, *servers]:
            if each:
                each.close()
        for version in front.versions.values():
            version.close()
        writer.close()
        return got, front

    return asyncio.run(act())


POST = b"POST /predict HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n{}"


def test_one_client_connection_carries_many_requests_over_one_server_connection(tmp_path):
    backend = Backend(answer())
    got, front = through(tmp_path, POST * 3, [backend], [100])
    assert got.count(b"HTTP/1.1 200") == 3
    assert (backend.connections, len(backend.requests)) == (1, 3)
    assert front.versions["v0"].tally.requests == 3


def test_answer_names_the_release_that_gave_it(tmp_path):
    got, _ = through(tmp_path, POST, [Backend(answer())], [100])
    assert b"x-merge-lane-release: v0" in got


def test_predictions_are_binned_and_health_checks_are_not_counted(tmp_path):
    get = b"GET /readyz HTTP/1.1\r\nHost: x\r\n\r\n"
    _, front = through(tmp_path, POST + get, [Backend(answer())], [100])
    counts = front.versions["v0"].tally
    assert (counts.requests, counts.predictions) == (1, [1, 1])


def test_request_that_finds_no_connection_goes_to_the_other_version(tmp_path):
    backend = Backend(answer())
    got, front = through(tmp_path, POST * 100, [None, backend], [30, 70])
    assert got.count(b"HTTP/1.1 200") == 100
    assert (front.versions["v0"].tally.errors, front.versions["v1"].tally.errors) == (30, 0)


def test_request_that_was_sent_is_never_sent_twice(tmp_path):
    broken, other = Backend(None), Backend(answer())
    got, front = through(tmp_path, POST * 100, [broken, other], [10, 90])
    assert len(broken.requests) + len(other.requests) == 100
    assert got.count(b"HTTP/1.1 502") == front.versions["v0"].tally.errors == 10


def test_without_any_version_the_answer_is_503(tmp_path):
    got, _ = through(tmp_path, POST, [None], [100])
    assert got.startswith(b"HTTP/1.1 503")


def test_connection_header_ends_at_the_router(tmp_path):
    backend = Backend(answer(head=b"Connection: close\r\n"))
    got, _ = through(tmp_path, POST.replace(b"Host", b"Connection: close\r\nHost") * 2, [backend], [100])
    assert backend.requests[0].header(b"connection") is None
    assert got.count(b"HTTP/1.1 200") == 1
    assert b"connection: close" in got


def test_chunked_bodies_pass_both_ways(tmp_path):
    chunks = b"1\r\n{\r\n1\r\n}\r\n0\r\n\r\n"
    request = b"POST /predict HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n" + chunks
    reply = (
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
        + b'14\r\n{"predictions":[0.9]\r\n1\r\n}\r\n0\r\n\r\n'
    )
    backend = Backend(reply)
    got, front = through(tmp_path, request, [backend], [100])
    assert backend.requests[0].content == b"{}"
    assert got.endswith(b"0\r\n\r\n")
    assert front.versions["v0"].tally.predictions[1] == 1


@pytest.mark.parametrize(
    ("request_", "status"),
    [
        (b"nonsense\r\n\r\n", 400),
        (b"POST / HTTP/1.1\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n", 400),
        (b"POST / HTTP/1.1\r\nContent-Length: -1\r\n\r\n", 400),
        (b"POST / HTTP/1.1\r\nContent-Length: 99999999999\r\n\r\n", 413),
        (b"POST / HTTP/1.1\r\nbroken header\r\n\r\n", 400),
        (b"POST / HTTP/1.1\r\nContent-Length : 1\r\n\r\n", 400),
        (b"POST / HTTP/1.1\r\nTransfer-Encoding: gzip\r\n\r\n", 501),
        (b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", 400),
        (b"POST / HTTP/1.1\r\nX: " + b"x" * 70000 + b"\r\n\r\n", 431),
    ],
)
def test_malformed_request_is_refused_and_reaches_no_version(tmp_path, request_, status):
    backend = Backend(answer())
    got, _ = through(tmp_path, request_, [backend], [100])
    assert got.startswith(b"HTTP/1.1 %d" % status)
    assert backend.requests == []


def test_client_that_awaits_100_continue_gets_it(tmp_path):
    got, _ = through(
        tmp_path, POST.replace(b"Host", b"Expect: 100-continue\r\nHost"), [Backend(answer())], [100]
    )
    assert got.startswith(b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200")


@pytest.mark.parametrize(
    ("body", "found"),
    [
        (b'{"predictions": [0.25, 0.75]}', [0.25, 0.75]),
        (b'{"predictions": [{"late": 0.2, "early": 0.8}]}', ["early"]),
        (b'{"predictions": ["late"]}', ["late"]),
        (b'{"other": [1]}', []),
        (b"not json", []),
        (b"[1]", []),
    ],
)
def test_predictions_are_found_in_answers(body, found):
    assert list(tally.predictions_in(body)) == found


def test_tally_survives_the_trip_through_json():
    counts = tally.Tally([0.5])
    counts.count(200, 0.002, b'{"predictions": [0.7]}')
    counts.count(500, 0.002, b"")
    counts.count(422, 0.002, b"")
    counts.fail()
    back = tally.read(json.loads(json.dumps(counts.as_json())))
    assert (back.requests, back.errors, back.rejected, sum(back.latency)) == (4, 2, 1, 3)
    assert sum(back.predictions) == 1
