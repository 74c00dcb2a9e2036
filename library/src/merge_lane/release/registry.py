"""The registry's view of what git decided: one version per model, the chain as its tags, aliases that move.

MLflow is a mirror. Nothing here decides, no model is ever loaded from here, and a registry that is down costs
a deployment a few seconds, once. Calling anything twice changes nothing.
"""

from __future__ import annotations

import os
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from merge_lane import tracking
from merge_lane.errors import ProjectError, TrackingError
from merge_lane.system.background import in_background
from merge_lane.system.files import digest
from merge_lane.tracking.patience import knock, within

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from merge_lane.release.manifest import Release

MODEL = "merge-lane"
CANDIDATE, CHAMPION, PREVIOUS = "candidate", "champion", "previous"
PATIENCE_SECONDS = (
    8.0  # for one message as a whole; with the knock before it, a dead registry costs at most 10
)


def alias_of(environment: str) -> str:
    """Return the alias of what an environment serves: production's is the champion."""
    return CHAMPION if environment == "production" else environment


@dataclass
class Registry:
    """The registered model. `uri` is a server's address or a database's; `connect` makes a client for it."""

    root: Path
    uri: str
    connect: Callable[[str], Any] | None = None

    def register(self, release: Release) -> str:
        """Return the number of the model's version, made if it is not there, with the chain as its tags."""
        client = self._client()
        known = client.search_model_versions(f"name='{MODEL}' and tags.{tracking.HASH_TAG}='{release.model}'")
        number = str(known[0].version) if known else self._create(client, release)
        for key in ("commit", "data", "contract", "params", "image"):
            client.set_model_version_tag(MODEL, number, key, str(getattr(release, key) or ""))
        client.set_model_version_tag(MODEL, number, tracking.HASH_TAG, release.model)
        return number

    def _create(self, client: Any, release: Release) -> str:
        if digest(self.root / "models/manifest.json") != release.model:
            raise TrackingError(
                f"The model of {release.id} is not in the work tree, so it cannot be registered.",
                where=str(self.root / "models"),
                next=f"git checkout {release.commit[:12]}, dvc pull, and deploy from there",
            )
        run = tracking.track(self.root, self.uri)
        if not client.search_registered_models(f"name='{MODEL}'"):
            client.create_registered_model(MODEL)
        made = client.create_model_version(MODEL, f"runs:/{run.run_id}/bundle", run_id=run.run_id)
        return str(made.version)

    def started(self, release: Release, environment: str) -> None:
        """Name the release the candidate, unless the environment serves it already."""
        number, client = self.register(release), self._client()
        if self._version(client, alias_of(environment)) != number:
            client.set_registered_model_alias(MODEL, CANDIDATE, number)

    def promoted(self, release: Release, environment: str) -> None:
        """Move the environment's alias to the release; the previous champion stays as `previous`."""
        number, client = self.register(release), self._client()
        alias = alias_of(environment)
        before = self._version(client, alias)
        if before not in (None, number) and alias == CHAMPION:
            client.set_registered_model_alias(MODEL, PREVIOUS, before)
        client.set_registered_model_alias(MODEL, alias, number)
        self._drop_candidate(client, number)

    def rolled_back(self, release: Release, environment: str) -> None:
        """Remove the alias `candidate` and note where the release failed."""
        number, client = self.register(release), self._client()
        client.set_model_version_tag(MODEL, number, f"rolled_back.{environment}", release.commit)
        self._drop_candidate(client, number)

    def served(self, environment: str) -> str | None:
        """Return the hash of the model that the registry thinks an environment serves; None for none."""
        database = self.uri.removeprefix("sqlite:///")
        if database != self.uri and not os.path.exists(database):  # noqa: PTH110 - importing MLflow takes seconds
            return None
        client = self._client()
        number = self._version(client, alias_of(environment))
        model = client.get_model_version(MODEL, number).tags.get(tracking.HASH_TAG) if number else None
        return None if model is None else str(model)

    def _drop_candidate(self, client: Any, number: str) -> None:
        if self._version(client, CANDIDATE) == number:
            client.delete_registered_model_alias(MODEL, CANDIDATE)

    @staticmethod
    def _version(client: Any, alias: str) -> str | None:
        """Return the version that an alias names."""
        models = client.search_registered_models(f"name='{MODEL}'")
        version = models[0].aliases.get(alias) if models else None
        return None if version is None else str(version)

    def _client(self) -> Any:
        return (self.connect or tracking.connect)(self.uri)


@dataclass
class Mirror:
    """Tells the registry what happened in one environment. It never raises, and asks a dead one only once."""

    registry: Registry
    environment: str
    say: Callable[[str], None]
    down: bool = field(default=False, init=False)

    def __call__(self, event: str, release: Release) -> None:
        """Pass on `started`, `promoted` or `rolled back`."""
        if self.down:
            return
        tell = getattr(self.registry, event.replace(" ", "_"))
        try:
            bounded(self.registry.uri, lambda: tell(release, self.environment))
        except ProjectError as error:
            self.down = True
            self.say(f"registry: {error.what} The deployment goes on: git is the authority.")


def bounded(uri: str, work: Callable[[], Any], seconds: float = PATIENCE_SECONDS) -> Any:
    """Do the work within `seconds` where the registry is a server; a local database is not hurried.

    Raises TrackingError for whatever MLflow or the network raise.
    """
    started = time.monotonic()
    try:
        if uri.startswith(("http://", "https://")):
            knock(uri)
            return within(seconds, lambda _: work())
        return in_background(work)
    except tracking.failures() as error:
        lost = time.monotonic() - started
        reason = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
        raise TrackingError(
            f"MLflow did not answer ({reason}; {lost:.1f} s lost).",
            where=uri.rsplit("@", 1)[-1],
            next="deploy again when it is back: what is missing is added",
        ) from error


def uri_of(root: Path) -> str:
    """Return the registry's address: MLFLOW_TRACKING_URI, else the database in the project's root."""
    return os.environ.get("MLFLOW_TRACKING_URI") or f"sqlite:///{root.resolve() / 'mlflow.db'}"
