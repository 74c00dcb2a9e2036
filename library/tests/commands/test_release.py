"""The verbs of the merge, as a person types them."""

import json

import pytest
from release.rig import Load, Project, double_command

from merge_lane.cli import main
from merge_lane.commands import release as verbs
from merge_lane.release import state
from merge_lane.release.targets import net
from merge_lane.release.targets.local import target as local
from merge_lane.release.targets.local.target import LocalTarget
from merge_lane.system.files import read_json

ENV = ["--environment", "test"]
WAIT = "--wait-for-traffic"


@pytest.fixture(scope="module")
def lane(tmp_path_factory):
    """A project with a first release deployed by the command line; the tests share it."""
    project = Project(tmp_path_factory.mktemp("cli") / "project")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(local, "serve_command", double_command)
        patch.setenv(
            "MLFLOW_TRACKING_URI", f"http://127.0.0.1:{net.free_port()}"
        )  # nobody listens: it is a mirror
        patch.setenv("GITHUB_ACTOR", "grace")
        patch.chdir(project.root)
        project.port = net.free_port()
        released(project, "first")
        assert main(["deploy", *ENV, "--port", str(project.port), "--why", "the first"]) == 0
        yield project
        assert main(["stop", *ENV]) == 0
    assert not (project.root / "mlflow.db").exists()


def released(project, name, **behaviour):
    project.release(name, **behaviour)
    assert main(["release"]) == 0
    return read_json(project.root / "release.json")


def deploy(project):
    with Load(project.port) as load:
        code = main(["deploy", *ENV, WAIT])
    return code, load


@pytest.mark.usefixtures("lane")
def test_first_deployment_is_recorded_with_who_and_why(capsys):
    assert main(["status", *ENV, "--json"]) == 0
    facts = json.loads(capsys.readouterr().out)
    planned = next(entry for entry in facts["record"] if entry["event"] == "planned")
    assert (planned["by"], planned["why"]) == ("grace", "the first")


def test_second_release_is_judged_and_promoted_without_a_registry_then_rolled_back(lane, capsys):
    first = read_json(lane.root / "release.json")
    second = released(lane, "second")
    code, load = deploy(lane)
    assert (code, load.failures) == (0, [])
    assert capsys.readouterr().out.count("registry: MLflow did not answer") == 1
    assert main(["verify", *ENV]) == 0
    with Load(lane.port) as load:
        assert main(["rollback", *ENV, "--why", "second looks odd"]) == 0
    assert load.failures == []
    assert net.get(lane.port, "/version")["model"] == first["model"] != second["model"]
    assert main(["verify", *ENV]) == 0
    assert "second looks odd" in (lane.root / "deployments/test/record.jsonl").read_text()
    assert "all" in capsys.readouterr().out


def test_bad_canary_ends_with_33_and_the_record_says_why(lane, capsys):
    released(lane, "bad", error_rate=0.5)
    assert deploy(lane)[0] == 33
    assert "errors" in capsys.readouterr().err
    assert main(["verify", *ENV]) == 0


def test_altered_model_ends_with_31(lane, capsys):
    released(lane, "altered")
    (lane.root / "models/model.onnx").write_text("changed after review")
    assert main(["deploy", *ENV, WAIT]) == 31
    assert "bundle file model.onnx" in capsys.readouterr().err


def test_release_of_an_altered_model_is_not_written(lane):
    lane.release("torn")
    (lane.root / "models/model.onnx").write_text("changed")
    (lane.root / "release.json").unlink(missing_ok=True)
    assert main(["release"]) == 31
    assert not (lane.root / "release.json").exists()


def test_second_deploy_at_the_same_time_ends_with_35(lane):
    released(lane, "late")
    with state.locked(lane.root / "deployments/test"):
        assert main(["deploy", *ENV, WAIT]) == 35


@pytest.mark.usefixtures("lane")
def test_missing_manifest_and_unknown_release_end_with_30():
    assert main(["deploy", *ENV, "--manifest", "nowhere.json"]) == 30
    assert main(["rollback", *ENV, "--to", "ffff"]) == 30
    assert main(["verify", "--environment", "elsewhere"]) == 30


def test_local_deploy_sends_test_rows(lane, capsys, monkeypatch):
    """With no users, the canary of a second deployment is judged on test rows, and the command says so."""
    monkeypatch.setattr(verbs, "_requests", lambda: [b'{"rows": [{}]}'])
    second = released(lane, "replayed")
    capsys.readouterr()
    assert main(["deploy", *ENV]) == 0
    printed = capsys.readouterr().out
    assert "test rows are sent as traffic" in printed
    assert f"http://127.0.0.1:{lane.port}/docs" in printed
    assert "merge-lane stop --environment test" in printed
    assert net.get(lane.port, "/version")["model"] == second["model"]


def test_local_deploy_without_test_rows(lane, capsys):
    """Where no test rows are here, the command says at once what to do, and deploys nothing."""
    serving = net.get(lane.port, "/version")["model"]
    released(lane, "no-rows")
    assert main(["deploy", *ENV]) == 30
    assert "dvc pull" in capsys.readouterr().err
    assert net.get(lane.port, "/version")["model"] == serving


def test_waiting_sends_nothing(lane, monkeypatch):
    """--wait-for-traffic leaves the traffic to callers."""
    monkeypatch.setattr(verbs, "_requests", lambda: pytest.fail("rows were read"))
    released(lane, "patience")
    assert deploy(lane)[0] == 0


@pytest.mark.usefixtures("lane")
def test_unknown_target(capsys):
    """A target that does not exist is answered with those that do."""
    assert main(["status", *ENV, "--target", "moon"]) == 32
    assert "name one of: local, aws" in capsys.readouterr().err


@pytest.mark.parametrize("variable", ["MERGE_LANE_URL", "TF_STATE_BUCKET"])
@pytest.mark.usefixtures("lane")
def test_aws_without_its_variables(variable, monkeypatch, capsys):
    """AWS needs an address and a bucket: the first missing variable is named."""
    for name in ("MERGE_LANE_URL", "TF_STATE_BUCKET"):
        monkeypatch.setenv(name, "" if name == variable else "https://127.0.0.1")
    assert main(["status", *ENV, "--target", "aws"]) == 32
    assert variable in capsys.readouterr().err


@pytest.mark.parametrize(
    ("file", "old", "new", "link"),
    [
        ("release.json", "grace", "mallory", "deployed manifest"),
        ("models/manifest.json", "{", " {", "bundle manifest"),
        ("models/model.onnx", "s", "z", "bundle file model.onnx"),
    ],
)
def test_verify_names_a_tampered_file_of_what_is_served(*, lane, capsys, file, old, new, link):
    name = LocalTarget(lane.root / "deployments/test", lane.root).stable()
    path = lane.root / "deployments/test/versions" / name / file
    path.write_text(path.read_text().replace(old, new, 1))
    assert main(["verify", *ENV]) == 31
    assert f"breaks at {link}:" in capsys.readouterr().err
    path.write_text(path.read_text().replace(new, old, 1))
    assert main(["verify", *ENV]) == 0


def test_verify_names_a_touched_record(lane, capsys):
    path = lane.root / "deployments/test/record.jsonl"
    whole = path.read_text()
    path.write_text(whole.replace("grace", "mallory", 1))
    try:
        assert main(["verify", *ENV]) == 31
        assert "deployment record" in capsys.readouterr().err
    finally:
        path.write_text(whole)


def test_verify_names_a_server_that_is_not_what_was_promoted(lane, capsys):
    """Someone starts another program behind the port."""
    path = lane.root / "deployments/test/router.json"
    whole = read_json(path)
    target = LocalTarget(path.parent, lane.root)
    target._point({**whole, "versions": {whole["stable"]: {"port": net.free_port(), "weight": 100}}})
    try:
        assert main(["verify", *ENV]) == 31
        assert "breaks at /version model" in capsys.readouterr().err
    finally:
        target._point({**target._control(), "versions": whole["versions"]})


@pytest.mark.usefixtures("lane")
def test_verify_names_a_registry_that_says_otherwise(capsys, monkeypatch):
    monkeypatch.setattr(verbs, "_registered", lambda _: "e" * 64)
    assert main(["verify", *ENV]) == 31
    assert "breaks at registry tag" in capsys.readouterr().err
