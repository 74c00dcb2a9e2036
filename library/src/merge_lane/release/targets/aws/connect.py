"""Connects to an environment on AWS: its address and its bucket come from the environment's variables."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from merge_lane.errors import DeployError
from merge_lane.release.targets.aws.target import URL_VARIABLE, AwsTarget, counter
from merge_lane.release.targets.aws.vault import Vault

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

BUCKET_VARIABLE = "TF_STATE_BUCKET"


def connect(
    folder: Path, root: Path, *, port: int | None, requests: Callable[[], Sequence[bytes]]
) -> AwsTarget:
    """Return the environment, with its state and record fetched from the bucket. Raises DeployError."""
    import boto3

    if port is not None:
        raise DeployError(
            "--port is for a local environment.", where="--port", next=f"set {URL_VARIABLE}, without --port"
        )
    url = _variable(URL_VARIABLE, "the address of the API, https://...")
    bucket = _variable(BUCKET_VARIABLE, "the bucket that keeps Terraform's state, and state and record")
    vault = Vault(folder, bucket, boto3.client("s3"))
    vault.pull()
    return AwsTarget(folder, root, url, requests, counter(folder.name, root), vault=vault)


def _variable(name: str, meaning: str) -> str:
    value = os.environ.get(name)
    if not value:
        raise DeployError(
            f"The variable {name} is not set: {meaning}.",
            where="environment variables",
            next=f"export {name}=...; docs/deploying.md lists what the target aws needs",
        )
    return value
