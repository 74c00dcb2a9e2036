"""The benchmarks run: a tiny round of each. No test judges a duration, only what the output consists of."""

import json
import math

import pytest
import toy
from merge_lane.data import rows
from merge_lane.errors import ReleaseError
from merge_lane.model import bundle
from merge_lane.production.serve.app import Api
from production.serve.conftest import project_directory  # noqa: F401 - a fixture
from production.serve.rig import running
from release.rig import TOY, Project

from benchmarks import figures, scratch, serving, switch, tutorial
from benchmarks.load import Load, Sample


def bodies(directory):
    return [json.dumps({"rows": [rows.example(bundle.load(directory).schema)]})]


@pytest.mark.parametrize(("rate", "clients"), [(0, 2), (100, 3)])
def test_a_load_counts_what_was_answered_and_what_was_refused(toy_bundle, rate, clients):
    api = Api(toy_bundle)
    api.warm_up()
    asked = [json.dumps({"rows": [toy.ROW]}), '{"rows": [{}]}']
    with (
        running(api) as client,
        Load(f"http://127.0.0.1:{client.port}", asked, clients=clients, rate=rate) as load,
    ):
        load.wait()
    assert {sample.status for sample in load.samples} == {200, 422}
    assert 0 < figures.failed(load.samples) < len(load.samples)
    assert all(sample.seconds > 0 for sample in load.samples)


def test_a_load_counts_a_server_that_is_not_there():
    with Load("http://127.0.0.1:9", ["{}"], clients=1) as load:
        load.wait()
    assert {sample.status for sample in load.samples} == {0}


@pytest.mark.parametrize(("share", "expected"), [(0.5, 2), (0.51, 3), (0.99, 4), (0, 1), (1, 4)])
def test_a_quantile_is_a_value_that_was_seen(share, expected):
    assert figures.quantile([4, 1, 3, 2], share) == expected
    assert math.isnan(figures.quantile([], share))


def test_a_request_belongs_to_the_window_in_which_it_began():
    samples = [Sample(begun, 9.0, 200) for begun in (0.9, 1.0, 1.9, 2.0)]
    assert [sample.begun for sample in figures.within(samples, [(1.0, 2.0)])] == [1.0, 1.9]


def test_the_switch_leaves_the_analysis_out_and_compares_with_the_steady_time():
    steps = [("start", (10.0, 11.0)), ("analyse", (11.0, 19.0)), ("retire", (19.0, 20.0))]
    each = switch.Round("deploy", (0.0, 10.0), steps)
    samples = [
        Sample(place / 10, 0.004 if 110 <= place < 190 else 0.002 if place > 100 else 0.001, 200)
        for place in range(200)
    ]
    assert each.seconds == 2
    assert "p50, switch to steady: 2.00 of all requests together, 2.00 in the median round" in switch.summary(
        [each], samples
    )


@pytest.fixture(autouse=True)
def toy_project(monkeypatch):
    """Let the servers that a benchmark starts see the toy as their project."""
    monkeypatch.setenv("MERGE_LANE_PACKAGE", "toy_package")
    monkeypatch.setenv("PYTHONPATH", str(TOY.parent))


@pytest.mark.timeout(120)
def test_a_release_takes_over_and_is_rolled_back_under_load(tmp_path, project_directory, monkeypatch):  # noqa: F811
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://127.0.0.1:9")  # nobody is there
    project = Project(tmp_path / "project")
    scratch.hasten(project.root / "params.yaml")  # the canary's latency is not judged here either
    project.adopt(project_directory)
    lane = switch.Lane(project.root)
    try:
        rounds, samples = switch.measure(lane, bodies(project_directory), deploys=1, rate=300, rest=0.2)
    finally:
        lane.stop()
    assert [each.kind for each in rounds] == ["deploy", "rollback"]
    assert {"start", "analyse", "take over", "retire"} <= {step for step, _ in rounds[0].steps}
    assert figures.failed(samples) == 0
    assert "p99, switch to steady" in switch.summary(rounds, samples)


@pytest.mark.timeout(120)
def test_the_servers_that_are_compared_predict_the_same_and_are_all_measured(project_directory):  # noqa: F811
    rounds = serving.measure(project_directory, bodies(project_directory), rounds=1, seconds=0.2)
    servers = (serving.OURS, *serving.PEERS)
    assert set(rounds) == {(clients, name) for clients in serving.CLIENTS for name in servers}
    assert [figure.failed for figures_of in rounds.values() for figure in figures_of] == [0] * len(rounds)


def test_every_server_and_every_load_has_its_line():
    """The summary compares with each peer, whatever the figures are."""
    figure = serving.Figure(100.0, 1.0, 2.0, 0)
    servers = (serving.OURS, *serving.PEERS)
    text = serving.told({(clients, name): [figure] for clients in serving.CLIENTS for name in servers})
    assert all(f"{clients} client" in text for clients in serving.CLIENTS)
    assert all(text.count(f"against {peer}: 1.0 times") == len(serving.CLIENTS) for peer in serving.PEERS)


@pytest.mark.parametrize("task", ["binary", "multiclass", "regression"])
def test_the_peer_predicts_what_the_bundle_predicts(tmp_path, task):
    toy.export(tmp_path / "models", task)
    loaded = bundle.load(tmp_path / "models", build=toy.build)
    wanted = loaded.predict(rows.arrays(loaded.schema, [toy.ROW])).tolist()
    for peer in (tutorial.with_pandas, tutorial.with_onnx):
        (found,) = peer(loaded, tmp_path / "models")([toy.ROW])
        assert serving.plain(found) == pytest.approx(serving.plain(wanted[0]), rel=serving.TOLERANCE)


def test_servers_that_predict_differently_are_not_compared(monkeypatch):
    monkeypatch.setattr(serving, "predictions", lambda url, _: [0.5 if url == "here" else 0.6])
    addresses = {serving.OURS: "here", **dict.fromkeys(serving.PEERS, "there")}
    with pytest.raises(ValueError, match="predicts"):
        serving.compare(addresses, ["{}"])


def test_a_copy_to_deploy_from_needs_the_model_of_its_commit(tmp_path, project_directory):  # noqa: F811
    project = Project(tmp_path / "project")
    project.adopt(project_directory)
    work = scratch.copy(project.root, tmp_path)
    assert "min_requests: 200" in (work / "params.yaml").read_text()
    (project.root / "models/manifest.json").unlink()
    with pytest.raises(ReleaseError, match="not here"):
        scratch.copy(project.root, tmp_path / "again")
