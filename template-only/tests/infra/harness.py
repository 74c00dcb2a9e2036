"""Terraform in a copy of infra/, and AWS on loopback."""

from __future__ import annotations

import fcntl
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[3]
REGION = "eu-west-1"
ACCOUNT = "123456789012"
REPOSITORY = f"{ACCOUNT}.dkr.ecr.{REGION}.amazonaws.com/merge-lane"
MODULES = sorted(path.name for path in (ROOT / "infra/modules").iterdir())
ROOTS = ["bootstrap", "environment"]
BOOTSTRAP = {
    "github_owner": "octo-org",
    "github_owner_id": "1001",
    "github_repository": "model",
    "github_repository_id": "2002",
    "region": REGION,
}
COMMAND_SECONDS = 240  # an apply of everything takes 100


def image(letters: str) -> str:
    """Return an image by digest; the letters say how its tasks behave (cloud.py)."""
    return f"{REPOSITORY}@sha256:{letters}{'0' * (64 - len(letters))}"


def copy_infra(target: Path) -> Path:
    """Copy infra/ as it stands, without what Terraform left in it."""
    shutil.copytree(ROOT / "infra", target, ignore=shutil.ignore_patterns(".terraform", "*.tfstate*"))
    return target


def base_environment() -> dict[str, str]:
    """Return an environment without any credentials of this machine, with one plugin cache for all."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith(("AWS_", "TF_VAR_"))}
    # Below a .terraform: who looks for a mirror of providers must not take this cache for one.
    cache = Path(tempfile.gettempdir()) / ".terraform/plugin-cache"
    cache.mkdir(parents=True, exist_ok=True)
    kept.setdefault("TF_PLUGIN_CACHE_DIR", str(cache))
    return {**kept, "TF_IN_AUTOMATION": "1", "TF_INPUT": "0", "CHECKPOINT_DISABLE": "1"}


class Terraform:
    """Terraform in one directory. `run` raises AssertionError with all it said where it fails."""

    def __init__(self, directory: Path, environment: dict[str, str] | None = None) -> None:
        self.directory = directory
        self.environment = environment or base_environment()

    def run(self, *words: str, check: bool = True, **variables: str) -> subprocess.CompletedProcess[str]:
        command = ["timeout", "--signal=INT", "--kill-after=10", str(COMMAND_SECONDS), "terraform"]
        done = subprocess.run(
            [*command, f"-chdir={self.directory}", *words],
            env={**self.environment, **variables},
            capture_output=True,
            text=True,
            check=False,
        )
        assert not check or done.returncode == 0, f"terraform {words[0]}\n{plain(done)}"
        return done

    def init(self, *words: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        """Initialise; one at a time, for the plugin cache cannot be shared while it is filled."""
        cache = Path(self.environment["TF_PLUGIN_CACHE_DIR"])
        with (cache / ".lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            return self.run("init", "-no-color", *words, check=check)

    def apply(self, check: bool = True, **variables: Any) -> subprocess.CompletedProcess[str]:
        """Apply with these variables."""
        return self.run("apply", "-auto-approve", "-no-color", *given(variables), check=check)

    def outputs(self) -> dict[str, Any]:
        """Return the outputs as plain values."""
        said = json.loads(self.run("output", "-json").stdout)
        return {name: one["value"] for name, one in said.items()}


def given(variables: dict[str, Any]) -> list[str]:
    """Return -var arguments."""
    return [
        f"-var={name}={one if isinstance(one, str) else json.dumps(one)}" for name, one in variables.items()
    ]


def plain(done: subprocess.CompletedProcess[str]) -> str:
    """Return all it said as one run of words: Terraform breaks its lines and draws boxes."""
    text = re.sub(r"\x1b\[[0-9;]*m", "", done.stdout[-12_000:] + done.stderr)
    return re.sub(r"[\s│╷╵]+", " ", text)


class Cloud:
    """A running cloud: where it listens, and what it was asked."""

    def __init__(self, port: int, calls: Path) -> None:
        self.url = f"http://127.0.0.1:{port}"
        self._calls = calls
        self._clients: dict[str, Any] = {}

    @property
    def environment(self) -> dict[str, str]:
        """What Terraform needs in order to talk to it: environment variables and nothing else."""
        return {
            **base_environment(),
            "AWS_ENDPOINT_URL": self.url,
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
            "AWS_REGION": REGION,
            "AWS_MAX_ATTEMPTS": "3",  # with the usual 25 a missing action hangs for a quarter of an hour
            "AWS_EC2_METADATA_DISABLED": "true",
        }

    @property
    def calls(self) -> list[str]:
        """service:Action of every call until now."""
        return self._calls.read_text().split() if self._calls.exists() else []

    def refuse(self, *requests: str) -> None:
        """Answer 403 to requests that begin so, such as `PUT /bucket/key`, until told otherwise."""
        (self._calls.parent / "refused").write_text("\n".join(requests))

    def client(self, service: str) -> Any:
        """Return a client of boto3: each is made once, for that takes longer than to ask."""
        import boto3

        if service not in self._clients:
            keys = {"aws_access_key_id": "test", "aws_secret_access_key": "test"}
            session = boto3.session.Session()
            made = session.client(service, endpoint_url=self.url, region_name=REGION, **keys)
            self._clients[service] = made
        return self._clients[service]

    def certificate(self) -> str:
        """Return the ARN of a certificate that the load balancer accepts."""
        asked = self.client("acm").request_certificate(DomainName="api.example.com")
        return str(asked["CertificateArn"])

    def boundary(self) -> str:
        """Return the ARN of a permissions boundary, as infra/bootstrap makes one."""
        allow = {"Effect": "Allow", "Action": "s3:PutObject", "Resource": "*"}
        document = json.dumps({"Version": "2012-10-17", "Statement": [allow]})
        made = self.client("iam").create_policy(PolicyName="boundary", PolicyDocument=document)
        return str(made["Policy"]["Arn"])


def destroy(terraform: Terraform, cloud: Cloud, settings: dict[str, Any]) -> None:
    """Destroy all. A bucket that holds something is never deleted: its access logs are removed in between."""
    words = ["destroy", "-auto-approve", "-no-color", *given(settings)]
    first = terraform.run(*words, check=False)
    if first.returncode:
        assert "BucketNotEmpty" in first.stderr, plain(first)
        empty_buckets(cloud)
        terraform.run(*words)
    assert terraform.run("state", "list").stdout == ""


def empty_buckets(cloud: Cloud) -> None:
    """Remove every object and version. moto reads "never without TLS" as "never": policies go first."""
    s3 = cloud.client("s3")
    for bucket in s3.list_buckets()["Buckets"]:
        s3.delete_bucket_policy(Bucket=bucket["Name"])
        found = s3.list_object_versions(Bucket=bucket["Name"])
        for one in [*found.get("Versions", []), *found.get("DeleteMarkers", [])]:
            s3.delete_object(Bucket=bucket["Name"], Key=one["Key"], VersionId=one["VersionId"])


@contextmanager
def running_cloud(directory: Path) -> Iterator[Cloud]:
    """Start a cloud of its own for one life cycle, and end it."""
    port, calls = directory / "port", directory / "calls"
    log = (directory / "cloud.log").open("w")
    command = [sys.executable, str(Path(__file__).with_name("cloud.py")), str(port), str(calls)]
    process = subprocess.Popen(command, stdout=log, stderr=log, env=base_environment())
    try:
        deadline = time.monotonic() + 60
        while not port.exists():
            assert process.poll() is None, (directory / "cloud.log").read_text()
            assert time.monotonic() < deadline, "the cloud did not start"
            time.sleep(0.1)
        yield Cloud(int(port.read_text()), calls)
    finally:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        log.close()
