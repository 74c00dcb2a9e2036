"""merge-lane track: one run per model in MLflow; seconds for a server that is down."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import threading
import time
import urllib.request
from contextlib import closing, contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from pickle_scan import pickles_in

from merge_lane.cli import main
from merge_lane.errors import BundleError, TrackingError
from merge_lane.tracking import HASH_TAG, track
from merge_lane.tracking.patience import within
from merge_lane.tracking.run import flatten, read

ROOT = Path(__file__).parents[3]
TREES = b"trees" * 1000


def write(path, content):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content if isinstance(content, str) else json.dumps(content))


def make(project):
    """Make what the pipeline leaves behind, small."""
    (project / "models").mkdir(parents=True)
    shutil.copy(ROOT / "params.yaml", project / "params.yaml")
    (project / "models" / "model.ubj").write_bytes(TREES)
    promise = {"sha256": hashlib.sha256(TREES).hexdigest(), "bytes": len(TREES)}
    inputs = {"features": "a" * 64, "params": "b" * 64}
    write(project / "models" / "manifest.json", {"files": {"model.ubj": promise}, "inputs": inputs})
    write(
        project / "reports" / "metrics.json", {"model": {"roc_auc": {"value": 0.74, "low": None}}, "rows": 12}
    )
    curve = "".join(f"{i / 500},{(i / 500) ** 0.5}\n" for i in range(501))
    write(project / "reports" / "plots" / "roc.csv", f"fpr,tpr\n{curve}")
    for command in (["init", "--quiet"], ["add", "."], ["commit", "--quiet", "-m", "a model"]):
        identity = ["-c", "user.name=A", "-c", "user.email=a@example.org"]
        subprocess.run(["git", *identity, *command], cwd=project, check=True, timeout=30)
    return project


@pytest.fixture
def project(tmp_path, monkeypatch):
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    monkeypatch.delenv("MLFLOW_EXPERIMENT_NAME", raising=False)
    return make(tmp_path / "project")


@pytest.fixture(scope="module")
def tracked(tmp_path_factory):
    """A project whose run is in its own database: making one costs seconds."""
    project = make(tmp_path_factory.mktemp("tracking") / "project")
    return project, track(project, f"sqlite:///{project / 'mlflow.db'}")


def rows(project, query):
    with closing(sqlite3.connect(project / "mlflow.db")) as database:
        return database.execute(query).fetchall()


def test_parameters_metrics_hashes_and_the_commit_are_logged(tracked):
    project, run = tracked
    commit = subprocess.run(
        ["git", "rev-parse", "HEAD"], cwd=project, capture_output=True, text=True, check=True
    ).stdout.strip()
    tags = dict(rows(project, "SELECT key, value FROM tags"))
    assert run.created
    assert dict(rows(project, "SELECT key, value FROM params"))["train.max_depth"] == str(
        read(project).params["train.max_depth"]
    )
    assert rows(project, "SELECT value FROM metrics WHERE key = 'model.roc_auc.value'") == [(0.74,)]
    assert tags["mlflow.source.git.commit"] == commit
    assert tags["git_dirty"] == "false"
    assert tags["input.features"] == "a" * 64
    assert tags[HASH_TAG] == hashlib.sha256((project / "models" / "manifest.json").read_bytes()).hexdigest()
    assert rows(project, "SELECT name, digest FROM datasets ORDER BY name")[0] == ("features", "a" * 36)
    assert rows(project, "SELECT status FROM runs") == [("FINISHED",)]


def test_a_curve_is_drawn_in_at_most_a_hundred_points_with_both_ends_and_kept_whole_as_a_file(tracked):
    project, run = tracked
    points = rows(project, "SELECT step, value FROM metrics WHERE key = 'roc/tpr' ORDER BY step")
    assert len(points) <= 101
    assert (points[0][1], points[-1][1]) == (0.0, 1.0)
    kept = project / "mlartifacts" / run.run_id / "artifacts" / "plots" / "roc.csv"
    assert kept.read_bytes() == (project / "reports" / "plots" / "roc.csv").read_bytes()


def test_the_bundle_is_kept_as_its_plain_files(tracked):
    project, run = tracked
    bundle = project / "mlartifacts" / run.run_id / "artifacts" / "bundle"
    assert {path.name for path in bundle.iterdir()} == {"model.ubj", "manifest.json"}
    assert (bundle / "model.ubj").read_bytes() == TREES
    everything = [project / "mlflow.db", *(project / "mlartifacts").rglob("*")]
    assert pickles_in(everything) == []


def test_a_second_call_finds_the_run_changes_nothing_and_does_not_even_import_mlflow(tracked, monkeypatch):
    project, run = tracked
    before = (project / "mlflow.db").read_bytes()
    monkeypatch.setitem(sys.modules, "mlflow.tracking", None)  # importing it now fails
    again = track(project, run.uri)
    assert (again.run_id, again.created) == (run.run_id, False)
    assert (project / "mlflow.db").read_bytes() == before


def test_mlflow_itself_finds_the_run_where_the_short_cut_cannot(tracked, monkeypatch):
    project, run = tracked
    monkeypatch.setattr("merge_lane.tracking._known_locally", lambda *_: None)
    assert track(project, run.uri).run_id == run.run_id
    assert rows(project, "SELECT count(*) FROM runs") == [(1,)]


def test_a_run_that_was_cut_off_does_not_count_as_logged(tracked, tmp_path, monkeypatch):
    from mlflow.tracking import MlflowClient

    project = Path(shutil.copytree(tracked[0], tmp_path / "project"))
    write(project / "models" / "manifest.json", {"files": {}, "inputs": {}, "best_iteration": 2})
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    with monkeypatch.context() as patch:
        patch.setattr(MlflowClient, "log_artifact", lambda *_: (_ for _ in ()).throw(OSError("disk is full")))
        assert main(["track", "--root", str(project)]) == TrackingError.exit_code
    assert track(project).created


def test_another_model_gets_a_run_of_its_own_and_uncommitted_changes_are_said(tracked, tmp_path):
    project = Path(shutil.copytree(tracked[0], tmp_path / "project"))
    write(project / "models" / "manifest.json", {"files": {}, "inputs": {}, "best_iteration": 1})
    assert track(project, f"sqlite:///{project / 'mlflow.db'}").created
    assert ("true",) in rows(project, "SELECT value FROM tags WHERE key = 'git_dirty'")


@pytest.mark.parametrize(("damage", "state"), [(b"trees", "altered"), (None, "missing")])
def test_an_altered_bundle_is_not_tracked(project, capsys, damage, state):
    model = project / "models" / "model.ubj"
    model.unlink() if damage is None else model.write_bytes(damage)
    assert main(["track", "--root", str(project)]) == BundleError.exit_code
    assert f"model.ubj is {state}" in capsys.readouterr().err
    assert not (project / "mlflow.db").exists()


def test_without_a_model_the_error_says_how_to_make_one(tmp_path, capsys):
    assert main(["track", "--root", str(tmp_path)]) == BundleError.exit_code
    assert "next:  dvc repro" in capsys.readouterr().err


def dead_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@contextmanager
def silent_server(*, answers_first=False):
    """A server that accepts and never answers; with `answers_first` it is healthy and hangs afterwards."""
    released = threading.Event()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            if answers_first and self.path == "/health":
                self.send_response(200)
                self.end_headers()
            else:
                released.wait(60)

        do_POST = do_GET  # noqa: N815 - the name that http.server calls

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield server.server_address[1]
    finally:
        released.set()
        server.shutdown()
        server.server_close()
        thread.join()


def run_track(project, port, *options):
    """Run the command as a person does, with the server named in the environment."""
    started = time.monotonic()
    ran = subprocess.run(
        [sys.executable, "-m", "merge_lane", "track", "--root", project, *options],
        env={**os.environ, "MLFLOW_TRACKING_URI": f"http://somebody:secret@127.0.0.1:{port}"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    return ran, time.monotonic() - started


def test_a_dead_server_is_an_error_that_says_how_to_repeat_it_and_shows_no_password(project):
    ran, seconds = run_track(project, dead_port())
    assert (ran.returncode, ran.stdout) == (18, "")
    assert "Connection refused" in ran.stderr
    assert "The model itself is not affected" in ran.stderr
    assert "merge-lane track" in ran.stderr
    assert "secret" not in ran.stderr
    assert "Traceback" not in ran.stderr
    assert seconds < 10


def test_with_warn_only_a_dead_server_is_a_warning_and_the_run_goes_on(project):
    ran, _ = run_track(project, dead_port(), "--warn-only")
    assert ran.returncode == 0
    assert ran.stderr.startswith("warning: The run is not in MLflow")


def test_warn_only_does_not_forgive_an_altered_model(project):
    (project / "models" / "model.ubj").write_bytes(b"other")
    assert main(["track", "--root", str(project), "--warn-only"]) == BundleError.exit_code


def test_a_server_that_never_answers_costs_less_than_ten_seconds(project):
    with silent_server() as port:
        ran, seconds = run_track(project, port)
    assert ran.returncode == 18
    assert seconds < 10


def test_a_server_that_hangs_after_it_seemed_healthy_is_given_up_as_soon(project):
    import mlflow.tracking  # noqa: F401 - its import takes seconds too, but they are not the server's

    with silent_server(answers_first=True) as port:
        started = time.monotonic()
        with pytest.raises(TrackingError, match="no answer within 4 s"):
            track(project, f"http://127.0.0.1:{port}")
        seconds = time.monotonic() - started
    assert seconds < 8


def test_work_that_gives_signs_of_life_may_take_longer_than_the_patience():
    def work(alive):
        for _ in range(4):
            time.sleep(0.05)
            alive()
        return "done"

    assert within(0.15, work) == "done"


def test_work_that_gives_no_sign_of_life_is_given_up():
    released = threading.Event()
    with pytest.raises(TimeoutError, match="no answer"):
        within(0.05, lambda _: released.wait(10))
    released.set()


def test_what_fails_in_the_work_is_raised_to_the_caller():
    with pytest.raises(ZeroDivisionError):
        within(5, lambda _: 1 / 0)


def test_nested_values_become_dotted_names():
    assert flatten({"a": {"b": 1}, "c": [1, 2], "d": [{"e": 3}]}) == {"a.b": "1", "c": "1, 2", "d.0.e": "3"}


@pytest.fixture
def mlflow_server(tmp_path):
    """A real MLflow server on loopback, ended with all its workers."""
    port = dead_port()
    command = [sys.executable, "-m", "mlflow", "server", "--host", "127.0.0.1", "--port", str(port)]
    command += ["--workers", "1", "--backend-store-uri", f"sqlite:///{tmp_path / 'server.db'}"]
    command += ["--artifacts-destination", str(tmp_path / "kept")]
    quiet = {"MLFLOW_DISABLE_TELEMETRY": "true", "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false"}
    with (tmp_path / "server.log").open("w") as log:
        server = subprocess.Popen(
            command,
            cwd=tmp_path,
            env={**os.environ, **quiet},
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    try:
        wait_for(port, server)
        yield f"http://127.0.0.1:{port}"
    finally:
        os.killpg(server.pid, signal.SIGTERM)
        server.wait(30)


def wait_for(port, server):
    end = time.monotonic() + 120
    while time.monotonic() < end and server.poll() is None:
        with suppress(OSError):
            urllib.request.urlopen(f"http://127.0.0.1:{port}/health", timeout=5).close()
            return
        time.sleep(0.2)
    raise AssertionError("the MLflow server did not start")


@pytest.mark.slow  # a real server takes ten seconds to start
def test_a_real_server_gets_the_run_once_with_its_files(project, mlflow_server, tmp_path):
    run = track(project, mlflow_server)
    again = track(project, mlflow_server)
    assert run.created
    assert (again.run_id, again.created) == (run.run_id, False)
    (kept,) = (tmp_path / "kept").rglob("model.ubj")
    assert kept.read_bytes() == TREES
