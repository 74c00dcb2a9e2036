"""The aws target on real Terraform and AWS on loopback. Each command runs as on a fresh runner: what it
knows comes from the bucket. The tests tell one story, in order.
"""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import threading
import time
from contextlib import contextmanager

import pytest
from infra import environment, harness, rights
from release.balancer import Balancer
from release.engine import Engine
from release.rig import Project

from merge_lane.cli import main
from merge_lane.commands import release as verbs
from merge_lane.errors import DeployError
from merge_lane.release import manifest, registry, replay
from merge_lane.release.targets.aws import cloudwatch, target
from merge_lane.release.targets.aws.terraform import Terraform

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]

ENV = ["--environment", "staging", "--target", "aws"]
BUCKET = "merge-lane-state"
STATE = "environments/staging.tfstate"
HELD_UP = ["planned", "resumed", "held up"]


class Lane:
    """A project whose staging is on the cloud, and who looks at it."""

    def __init__(self, project, cloud, balancer):
        self.project, self.cloud, self.balancer = project, cloud, balancer
        self.engine = Engine(project.root.with_name("engine"))
        self.moves = []

    def release(self, letters, **wish):
        """Commit a model whose image begins with these letters (infra/cloud.py: how its tasks behave)."""
        self.project.release(letters)
        digest = harness.image(letters).rpartition("@")[2]
        assert main(["release", "--image", digest]) == 0
        made = manifest.load(self.project.root / "release.json")
        self.balancer.add(made, **wish)
        self.engine.label(f"{harness.REPOSITORY}@{digest}", model=made.model)
        return made

    def fresh(self):
        shutil.rmtree(self.project.root / "deployments", ignore_errors=True)

    def deploy(self):
        self.fresh()
        self.moves.clear()
        return main(["deploy", *ENV, "--replay"])

    def place(self):
        """Return what runs, as the cloud says: image of stable and of the canary, the canary's share."""
        images = {
            track: re.sub("0+$", "", image.rpartition(":")[2]) if running else "down"
            for track, (image, running) in environment.services(self.cloud).items()
        }
        return images["stable"], images.get("canary"), environment.weights(self.cloud).get("canary")

    def kept(self, name):
        """Return a file of the deployment from the bucket."""
        key = f"deployments/staging/{name}"
        return self.cloud.client("s3").get_object(Bucket=BUCKET, Key=key)["Body"].read().decode()

    def record(self):
        return [json.loads(line) for line in self.kept("record.jsonl").splitlines()]

    def events(self):
        """Return the events of the last deployment."""
        entries = self.record()
        return [e["event"] for e in entries if e["deployment"] == entries[-1]["deployment"]]

    def locks(self):
        found = self.cloud.client("s3").list_objects_v2(Bucket=BUCKET).get("Contents", [])
        return [one["Key"] for one in found if one["Key"].endswith(".tflock")]

    def terraform(self, *words):
        script = self.project.root / "infra/terraform"
        subprocess.run([script, "staging", *words], check=True, capture_output=True, timeout=120)


@pytest.fixture(scope="module")
def lane(cloud, tmp_path_factory):
    project = Project(tmp_path_factory.mktemp("moto") / "project")
    params = project.root / "params.yaml"
    params.write_text(params.read_text().replace("max_seconds: 10", "max_seconds: 300"))
    harness.copy_infra(project.root / "infra")
    balancer = Balancer(cloud)
    lane = Lane(project, cloud, balancer)
    with pytest.MonkeyPatch.context() as patch:
        set_up(patch, lane)
        lane.terraform("init")
        yield lane
    balancer.close()


def set_up(patch, lane):
    """Say all that a workflow says, and let nobody wait for minutes of CloudWatch."""
    cloud, s3 = lane.cloud, lane.cloud.client("s3")
    s3.create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": harness.REGION})
    variables = {
        **cloud.environment,
        "AWS_DEFAULT_REGION": harness.REGION,
        "ENGINE": str(lane.engine.program),
        "GITHUB_ACTOR": "grace",
        "MERGE_LANE_IMAGE_REPOSITORY": harness.REPOSITORY,
        "MERGE_LANE_URL": lane.balancer.url,
        "MLFLOW_TRACKING_URI": "http://127.0.0.1:9",
        "TF_STATE_BUCKET": BUCKET,
        "TF_STATE_KMS_KEY": cloud.client("kms").create_key()["KeyMetadata"]["Arn"],
        "TF_STATE_REGION": harness.REGION,
        "TF_VAR_certificate_arn": cloud.certificate(),
        "TF_VAR_permissions_boundary_arn": cloud.boundary(),
        "TF_VAR_steady_state_timeout_seconds": "10",
    }
    for name, value in variables.items():
        patch.setenv(name, value)
    patch.chdir(lane.project.root)
    patch.setattr(verbs, "_requests", lambda: [b'{"rows": [{}]}'])
    patch.setattr(registry, "Mirror", lambda *_: lambda _alias, _release: None)
    patch.setattr(replay.Replay, "pause", 0.02)
    patch.setattr(replay.Probe, "pause", 0.02)
    patch.setattr(target, "REFRESH_SECONDS", 1.0)
    patch.setattr(Terraform, "apply", watched(lane, Terraform.apply))


def watched(lane, apply):
    def apply_and_look(self, wanted):
        try:
            apply(self, wanted)
        finally:
            lane.moves.append(lane.place())

    return apply_and_look


@pytest.fixture
def short_minutes(monkeypatch):
    monkeypatch.setattr(cloudwatch, "MINUTE", 2)


def test_first_deployment_goes_to_stable_by_one_apply(lane):
    release = lane.release("aa")
    assert lane.deploy() == 0
    assert lane.moves == [("aa", None, 0)]
    assert lane.events() == ["planned", "started", "promoted"]
    assert target.net.fetch(f"{lane.balancer.url}/version")["model"] == release.model


def test_runner_that_is_killed_leaves_a_lock_that_the_next_one_names(lane, capsys):
    lane.killed = lane.release("bb")
    lane.fresh()
    kill_while_applying(lane)
    assert lane.deploy() == 35
    (lane.lock,) = re.findall(r"force-unlock (\S+);", capsys.readouterr().err)
    assert lane.events() == HELD_UP
    assert json.loads(lane.kept("state.json"))["step"] == "start"
    assert lane.place()[0] == "aa"


def test_same_command_goes_on_the_good_canary_takes_its_share_then_stable_rolls(lane):
    """With CloudWatch's own minutes."""
    lane.terraform("force-unlock", "-force", lane.lock)
    assert lane.deploy() == 0
    assert lane.moves == [("aa", "bb", 0), ("aa", "bb", 20), ("bb", "bb", 20), ("bb", None, 0)]
    assert lane.events() == [*HELD_UP, "resumed", "started", "routed", "judged", "promoted"]
    assert lane.record()[-2]["verdict"] == "promote"
    assert lane.record()[-1]["release"] == lane.killed.id
    lane.fresh()
    assert main(["verify", *ENV]) == 0


@pytest.mark.usefixtures("short_minutes")
@pytest.mark.parametrize(
    ("letters", "wish", "said"),
    [("c5", {"errors": 0.3}, "errors"), ("c6", {"shift": 0.5}, "predictions")],
    ids=["answers 500", "predicts otherwise"],
)
def test_bad_canary_is_taken_away_and_stable_is_not_touched(lane, letters, wish, said):
    lane.release(letters, **wish)
    stable = lane.place()[0]
    assert lane.deploy() == 33
    assert lane.moves == [(stable, letters, 0), (stable, letters, 20), (stable, None, 0)]
    assert said in lane.record()[-1]["what"]
    assert lane.events() == ["planned", "started", "routed", "judged", "rolled back"]


def test_image_that_never_gets_steady_gets_no_traffic(lane, capsys):
    lane.release("dead")
    stable = lane.place()[0]
    assert lane.deploy() == 32
    assert lane.moves == [(stable, "down", 0), (stable, None, 0)]
    assert "timeout while waiting" in capsys.readouterr().err
    assert lane.events() == ["planned", "rolled back"]
    assert lane.record()[-1]["step"] == "start"


def test_rollback_is_one_apply(lane):
    lane.fresh()
    lane.moves.clear()
    assert main(["rollback", *ENV, "--why", "bb looks odd"]) == 0
    assert lane.moves == [("aa", None, 0)]
    assert lane.events() == ["planned", "promoted"]
    lane.fresh()
    assert main(["verify", *ENV]) == 0


def test_version_that_the_circuit_breaker_gave_up_leaves_the_one_that_serves(lane):
    release, stable = lane.release("bad0"), lane.place()[0]
    lane.fresh()
    lane.moves.clear()
    deployment = verbs._machine(verbs._environment("staging", "aws", None))
    with deployment as machine, pytest.raises(DeployError, match="ECS gave up on this version"):
        machine.deploy(release, by="grace", direct=True)
    assert lane.moves == [(stable, None, 0), (stable, None, 0)]
    assert lane.events() == ["planned", "rolled back"]


def test_state_that_could_not_be_written_is_saved_and_the_deployment_turned_back(lane, monkeypatch, tmp_path):
    monkeypatch.setenv("STATE_RESCUE_DIR", str(tmp_path))
    release, stable = lane.release("dd"), lane.place()[0]
    with refusing_the_state(lane, tmp_path):
        assert lane.deploy() == 32
    assert len(list(tmp_path.iterdir())) == 1
    assert lane.moves == [(stable, "dd", 0), (stable, None, 0)]
    assert "state" in lane.record()[-1]["what"]
    assert not list(lane.project.root.glob("infra/**/errored.tfstate"))
    assert lane.record()[-1]["release"] == release.id


@contextmanager
def refusing_the_state(lane, rescued):
    """The bucket takes no state until a copy was saved."""
    lane.cloud.refuse(f"PUT /{BUCKET}/{STATE}")
    over = threading.Event()

    def heal():
        while not over.wait(0.05) and not list(rescued.iterdir()):
            pass
        lane.cloud.refuse()

    thread = threading.Thread(target=heal)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def test_the_deploy_role_may_do_all_that_was_asked_of_aws(lane):
    assert "cloudwatch:GetMetricData" in lane.cloud.calls
    assert rights.lacking(lane.cloud.calls) == ["cloudwatch:PutMetricData"]  # by the load balancer


def kill_while_applying(lane):
    """Kill the whole runner by SIGKILL while Terraform holds the lock."""
    command = [sys.executable, "-m", "merge_lane", "deploy", *ENV]
    runner = subprocess.Popen(command, start_new_session=True, stdout=subprocess.DEVNULL)
    until = time.monotonic() + 120
    while not lane.locks():
        assert runner.poll() is None, "the deployment ended before it could be killed"
        assert time.monotonic() < until, "the apply took no lock"
        time.sleep(0.05)
    os.killpg(runner.pid, signal.SIGKILL)
    runner.wait()
