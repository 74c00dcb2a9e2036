"""The state of an environment in S3: one writer at a time, and what is left when a writer dies."""

import os
import shutil
import signal
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from infra import harness
from infra.environment import STABLE
from infra.harness import Terraform, plain

pytestmark = [pytest.mark.slow, pytest.mark.timeout(240)]

ENVIRONMENTS = ("staging", "production")
KEY = "module.storage.aws_kms_key.this"
LOCK = "environments/staging.tfstate.tflock"


@pytest.fixture(scope="module")
def bucket(cloud):
    cloud.client("s3").create_bucket(
        Bucket="merge-lane-state",
        CreateBucketConfiguration={"LocationConstraint": harness.REGION},
    )
    return "merge-lane-state"


@pytest.fixture
def staging(cloud, bucket, tmp_path):
    """Staging with its state in the bucket; only its key is ever applied here."""
    key = cloud.client("kms").create_key()["KeyMetadata"]["Arn"]
    infra = harness.copy_infra(tmp_path / "infra")
    location = {"TF_STATE_BUCKET": bucket, "TF_STATE_KMS_KEY": key, "TF_STATE_REGION": harness.REGION}
    settings = {
        "TF_VAR_certificate_arn": f"arn:aws:acm:{harness.REGION}:{harness.ACCOUNT}:certificate/abc",
        "TF_VAR_stable_image": STABLE,
        "STATE_RESCUE_DIR": str(tmp_path / "rescued"),
    }
    terraform = Terraform(infra / ".terraform/staging", {**cloud.environment, **location, **settings})
    terraform.script = infra / "terraform"
    script(terraform, "init")
    yield terraform
    cloud.client("s3").delete_object(Bucket=bucket, Key=LOCK)


def script(terraform, *words, environment="staging", check=True):
    """Run infra/terraform ENVIRONMENT WORDS as a workflow does."""
    command = ["timeout", "120", str(terraform.script), environment, *words]
    done = subprocess.run(command, env=terraform.environment, capture_output=True, text=True, check=False)
    assert not check or done.returncode == 0, plain(done)
    return done


def keys_of(cloud, bucket):
    return [one["Key"] for one in cloud.client("s3").list_objects_v2(Bucket=bucket).get("Contents", [])]


def test_the_state_goes_to_the_bucket_and_the_lock_is_gone_afterwards(staging, cloud, bucket):
    script(staging, "apply", "-auto-approve", f"-target={KEY}")
    assert keys_of(cloud, bucket) == ["environments/staging.tfstate"]
    assert not (staging.directory / "errored.tfstate").exists()
    assert "nothing to save" in script(staging, "save-state").stdout


def test_a_killed_apply_leaves_a_lock_that_is_reported_and_can_be_released(staging, cloud, bucket):
    words = [str(staging.script), "staging", "apply", "-auto-approve", f"-target={KEY}"]
    apply = subprocess.Popen(
        words,
        env=staging.environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    wait_for_lock(cloud, bucket)
    os.killpg(apply.pid, signal.SIGKILL)
    apply.wait()
    refused = script(staging, "apply", "-auto-approve", f"-target={KEY}", check=False)
    assert refused.returncode == 1
    said = plain(refused)
    assert "Error acquiring the state lock" in said
    lock = said.partition("Lock Info: ID: ")[2].split()[0]
    script(staging, "force-unlock", "-force", lock)
    script(staging, "apply", "-auto-approve", f"-target={KEY}")


def wait_for_lock(cloud, bucket):
    deadline = time.monotonic() + 60
    while LOCK not in keys_of(cloud, bucket):
        assert time.monotonic() < deadline, "the apply took no lock"
        time.sleep(0.05)


def test_a_state_that_could_not_be_written_is_saved_and_brought_back(staging, cloud, bucket):
    cloud.refuse(f"PUT /{bucket}/environments/staging.tfstate")
    failed = script(staging, "apply", "-auto-approve", f"-target={KEY}", check=False)
    assert failed.returncode == 1
    assert (staging.directory / "errored.tfstate").exists()
    refused = script(staging, "save-state", check=False)
    assert refused.returncode == 3
    assert "could not be pushed; keep" in plain(refused)
    assert len(list((staging.directory.parents[2] / "rescued").iterdir())) == 1
    assert "nothing to save" in script(staging, "save-state", environment="production").stdout
    cloud.refuse()
    assert "in its bucket again" in script(staging, "save-state").stdout
    assert not (staging.directory / "errored.tfstate").exists()
    plan = script(staging, "plan", "-no-color", "-detailed-exitcode", f"-target={KEY}", check=False)
    assert plan.returncode == 0, plain(plan)


def test_a_plan_as_deployed_takes_images_and_weight_from_the_state_and_leaves_no_lock(staging, cloud, bucket):
    planned = script(staging, "plan-as-deployed", f"-target={KEY}", "-no-color")
    assert planned.returncode == 0
    assert LOCK not in keys_of(cloud, bucket)


def test_two_environments_at_once(staging, cloud, bucket):
    """Both environments can be initialised and applied from one checkout at the same time."""
    shutil.rmtree(staging.directory)
    with ThreadPoolExecutor() as pool:
        for words in (["init"], ["apply", "-auto-approve", f"-target={KEY}"]):
            runs = [pool.submit(script, staging, *words, environment=name) for name in ENVIRONMENTS]
            assert [run.result().returncode for run in runs] == [0, 0]
    assert {f"environments/{name}.tfstate" for name in ENVIRONMENTS} <= set(keys_of(cloud, bucket))
    for name in ENVIRONMENTS:
        shown = script(staging, "state", "show", "-no-color", KEY, environment=name).stdout
        assert f"merge-lane-{name}" in shown
