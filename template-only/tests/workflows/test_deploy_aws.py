"""deploy.yml and rollback.yml, executed as they are written, with AWS on loopback as the target."""

from __future__ import annotations

import json
import os
import shutil

import pytest
from infra import environment, harness
from merge_lane.release.manifest import Release
from release.balancer import Balancer
from workflows.merges import ALL_WELL, log_of, record

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1200)]

BUCKET = "merge-lane-state"
ENVIRONMENTS = ("staging", "production")


@pytest.fixture
def balancers(cloud):
    made = {name: Balancer(cloud, name) for name in ENVIRONMENTS}
    yield made
    for one in made.values():
        one.close()


@pytest.fixture
def lane(main, world, cloud, balancers):
    """Main of a project that deploys to AWS, with the set-up of docs/infra.md."""
    world.step_seconds = 600
    s3 = cloud.client("s3")
    s3.create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": harness.REGION})
    world.variables.update(
        AWS_REGION=harness.REGION,
        DEPLOY_TARGET="aws",
        IMAGE_REPOSITORY=harness.REPOSITORY,
        IMAGE_ROLE="image-push",
        TF_STATE_BUCKET=BUCKET,
        TF_STATE_KMS_KEY=cloud.client("kms").create_key()["KeyMetadata"]["Arn"],
    )
    for name in ENVIRONMENTS:
        world.environments[name] = {"DEPLOY_ROLE": f"deploy-{name}", "URL": balancers[name].url}
    keep = ("TF_PLUGIN_CACHE_DIR", "TF_CLI_CONFIG_FILE", "CHECKPOINT_DISABLE", "HTTPS_PROXY", "NO_PROXY")
    given = {**os.environ, **cloud.environment}
    world.github.extra_environment |= {name: given[name] for name in keep if name in given}
    world.cloud = {name: value for name, value in cloud.environment.items() if name.startswith("AWS_")}
    add_infra(main.desk.path, cloud)
    return main


def add_infra(root, cloud):
    """Bring infra/ into the project, the account's numbers, and a canary that may wait for CloudWatch."""
    shutil.copytree(harness.ROOT / "infra", root / "infra", dirs_exist_ok=True, ignore=LEFT)
    settings = {
        "certificate_arn": cloud.certificate(),
        "permissions_boundary_arn": cloud.boundary(),
        "steady_state_timeout_seconds": 20,
    }
    for name in ENVIRONMENTS:
        with (root / f"infra/environment/{name}.tfvars").open("a") as stream:
            stream.writelines(f"{key} = {json.dumps(value)}\n" for key, value in settings.items())
    params = root / "params.yaml"
    params.write_text(params.read_text().replace("max_seconds: 10", "max_seconds: 400"))
    with (root / ".gitignore").open("a") as stream:
        stream.write(".terraform/\n")


LEFT = shutil.ignore_patterns(".terraform", "*.tfstate*")


@pytest.fixture
def announce(balancers):
    """What stands between the image and the cloud: the servers behind the balancers learn what it serves."""

    def learn(job, run):
        if job == "staging":
            made = Release.model_validate_json(run.world.artifacts[run.id]["release"]["release.json"])
            for balancer in balancers.values():
                balancer.add(made)

    return learn


def place(cloud, name):
    """Return the digests that run, and the canary's share."""
    images = {t: image.rpartition("@")[2] for t, (image, _) in environment.services(cloud, name).items()}
    return images, environment.weights(cloud, name)["canary"]


def kept(cloud, name):
    key = f"deployments/{name}/record.jsonl"
    body = cloud.client("s3").get_object(Bucket=BUCKET, Key=key)["Body"].read().decode()
    return [json.loads(line) for line in body.splitlines()]


FIRST = ["planned", "started", "promoted"]
JUDGED = ["planned", "started", "routed", "judged", "promoted"]


def test_merges_are_deployed_to_aws_judged_by_cloudwatch_and_rolled_back_by_hand(lane, cloud, announce):
    """Production is cut out of the first run, so that its first apply falls into the second."""
    first = lane.push("Deploy to AWS", before_job=announce, without=["production"])
    assert first.results() == {name: "success" for name in ALL_WELL if name != "production"}
    assert first.world.roles == [("image", "image-push"), ("staging / deploy", "deploy-staging")]
    before = place(cloud, "staging")
    assert [entry["event"] for entry in record(first, "staging")] == FIRST

    second = lane.choose("second", before_job=announce)
    assert second.results() == ALL_WELL
    assert "verdict: promote" in log_of(second, "staging")
    assert [entry["event"] for entry in record(second, "staging")] == [*FIRST, *JUDGED]
    assert [entry["event"] for entry in kept(cloud, "production")] == FIRST
    assert "ok        image label" in log_of(second, "production")
    assert place(cloud, "staging") == place(cloud, "production") != before
    assert second.world.roles[-1] == ("production / deploy", "deploy-production")

    back = lane.roll_back(environment="staging")
    assert back.results() == {"rollback": "success"}
    assert place(cloud, "staging") == before
    assert kept(cloud, "staging") == record(back, "staging")
    assert record(back, "staging")[-1]["kind"] == "rollback"
    assert "links hold" in log_of(back, "rollback")
