"""State and record survive the runner: kept in S3 before each step, fetched by the next one."""

import boto3
import pytest
from moto import mock_aws

from merge_lane.errors import DeployError
from merge_lane.release.record import Record
from merge_lane.release.targets.aws.vault import Vault


@pytest.fixture
def client(monkeypatch):
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "made-up")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "made-up")
    with mock_aws():
        client = boto3.client("s3", region_name="us-east-1")
        client.create_bucket(Bucket="lane")
        yield client


def test_next_runner_goes_on_with_the_record_of_the_last(tmp_path, client):
    first, second = (Vault(tmp_path / name / "production", "lane", client) for name in ("one", "two"))
    Record(first.folder / "record.jsonl").append("planned", deployment="d1")
    first.push()
    second.pull()
    Record(second.folder / "record.jsonl").append("promoted", deployment="d1")
    assert [e["event"] for e in Record(second.folder / "record.jsonl").entries()] == ["planned", "promoted"]


def test_empty_bucket_is_a_first_deployment(tmp_path, client):
    Vault(tmp_path / "production", "lane", client).pull()
    assert not (tmp_path / "production").exists()


def test_bucket_that_cannot_be_reached_stops_the_deployment(tmp_path, client):
    with pytest.raises(DeployError, match="cannot be kept"):
        Vault(tmp_path / "production", "another-bucket", client).pull()
