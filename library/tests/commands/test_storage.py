"""The storage of data and models: DVC with this repository's own .dvc/config."""

from __future__ import annotations

import shutil
from pathlib import Path

import boto3
import dvc_project
import pytest
from moto.server import ThreadedMotoServer

BUCKET = "made-up-storage"


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    return dvc_project.make(tmp_path_factory.mktemp("storage") / "made")


@pytest.fixture
def project(made, tmp_path):
    return Path(shutil.copytree(made, tmp_path / "project", symlinks=True))


@pytest.fixture
def s3():
    server = ThreadedMotoServer("127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield {
        "AWS_ENDPOINT_URL": f"http://{host}:{port}",
        "AWS_ACCESS_KEY_ID": "testing",
        "AWS_SECRET_ACCESS_KEY": "testing",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_EC2_METADATA_DISABLED": "true",
    }
    server.stop()


def bucket_of(variables):
    resource = boto3.resource(
        "s3",
        endpoint_url=variables["AWS_ENDPOINT_URL"],
        region_name="us-east-1",
        aws_access_key_id="testing",
        aws_secret_access_key="testing",
    )
    return resource.Bucket(BUCKET)


def test_push_and_pull_work_on_a_fresh_clone_and_an_object_altered_at_rest_is_refused(project):
    assert dvc_project.dvc(project, "push").returncode == 0
    dvc_project.wipe_local(project)
    assert dvc_project.dvc(project, "pull").returncode == 0
    assert (project / "raw" / "a.txt").read_text() == "rows of a"

    dvc_project.wipe_local(project)
    dvc_project.flip(
        next(path for path in (project / ".dvcstore").rglob("*") if path.is_file() and path.suffix != ".dir")
    )
    assert dvc_project.dvc(project, "pull").returncode != 0


@pytest.mark.slow  # seven DVC commands
def test_s3_is_one_setting_away_and_an_object_altered_at_rest_is_refused(project, s3):
    bucket = bucket_of(s3)
    bucket.create()
    assert (
        dvc_project.dvc(project, "remote", "modify", "storage", "url", f"s3://{BUCKET}/dvc").returncode == 0
    )
    pushed = dvc_project.dvc(project, "push", **s3)
    assert pushed.returncode == 0, pushed.stderr

    dvc_project.wipe_local(project)
    assert dvc_project.dvc(project, "pull", **s3).returncode == 0
    assert (project / "raw" / "a.txt").read_text() == "rows of a"

    (altered,) = [item for item in bucket.objects.all() if item.get()["Body"].read() == b"rows of a"]
    altered.put(Body=b"rows of A")
    dvc_project.wipe_local(project)
    assert dvc_project.dvc(project, "pull", **s3).returncode != 0
    assert not (project / "raw" / "a.txt").exists()

    # Without the setting DVC takes what it is given: the refusal above is the setting's doing.
    configuration = project / ".dvc" / "config"
    configuration.write_text(configuration.read_text().replace("verify = true", "verify = false"))
    dvc_project.wipe_local(project)
    assert dvc_project.dvc(project, "pull", **s3).returncode == 0
    assert (project / "raw" / "a.txt").read_text() == "rows of A"


def test_dvc_reports_usage_to_nobody_and_stages_nothing_by_itself():
    configuration = (dvc_project.ROOT / ".dvc" / "config").read_text()
    assert "analytics = false" in configuration
    assert "autostage = false" in configuration
