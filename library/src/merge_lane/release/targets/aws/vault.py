"""State and record of an environment in S3: a runner starts with nothing and may be gone any time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from merge_lane.errors import DeployError
from merge_lane.system.files import write_bytes

if TYPE_CHECKING:
    from pathlib import Path

FILES = ("state.json", "record.jsonl", "record.jsonl.head", "aws.json")
"""The record goes before its head: a kill between them leaves one line more than the head knows."""


@dataclass(frozen=True)
class Vault:
    """The folder `deployments/ENVIRONMENT/` of a versioned bucket; `client` is boto3's."""

    folder: Path
    bucket: str
    client: Any

    def pull(self) -> None:
        """Fetch the files that the bucket has. Raises DeployError where the bucket does not answer."""
        for name in FILES:
            data = self._get(name)
            if data is not None:
                write_bytes(self.folder / name, data)

    def push(self) -> None:
        """Store the files that are here."""
        for name in FILES:
            path = self.folder / name
            if path.exists():
                self._do("put_object", name, Body=path.read_bytes())

    def _get(self, name: str) -> bytes | None:
        try:
            answer = self._do("get_object", name)
        except self.client.exceptions.NoSuchKey:
            return None
        return bytes(answer["Body"].read())

    def _do(self, verb: str, name: str, **arguments: Any) -> Any:
        from botocore.exceptions import BotoCoreError, ClientError

        key = f"deployments/{self.folder.name}/{name}"
        try:
            return getattr(self.client, verb)(Bucket=self.bucket, Key=key, **arguments)
        except self.client.exceptions.NoSuchKey:
            raise
        except (BotoCoreError, ClientError) as error:
            raise DeployError(
                f"The deployment's state cannot be kept: {error}.",
                where=f"s3://{self.bucket}/{key}",
                next="fix the access, then run the same command again: it continues",
            ) from error
