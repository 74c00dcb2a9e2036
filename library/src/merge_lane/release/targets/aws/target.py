"""The aws target: two ECS services behind one load balancer, moved by Terraform.

The canary runs beside stable and takes its share by weight. To take over, stable's own service rolls to the
new image while the canary still serves, so that the new version never carries all traffic with the canary's
few tasks. What Terraform cannot say (which image really serves) is kept in `aws.json`.
"""

from __future__ import annotations

import os
import time
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from functools import cache
from typing import TYPE_CHECKING, Any

from merge_lane.errors import DeployError, ReleaseError
from merge_lane.release import chain
from merge_lane.release.canary import Observation
from merge_lane.release.image.build import model_label
from merge_lane.release.record import Record
from merge_lane.release.replay import Probe
from merge_lane.release.targets import net
from merge_lane.release.targets.aws import cloudwatch
from merge_lane.release.targets.aws.terraform import Deployed, Terraform
from merge_lane.release.targets.local import tally
from merge_lane.system.files import read_json, write_json

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from merge_lane.release.canary import Counts
    from merge_lane.release.manifest import Release
    from merge_lane.release.targets.aws.vault import Vault

REPOSITORY_VARIABLE = "MERGE_LANE_IMAGE_REPOSITORY"
URL_VARIABLE = "MERGE_LANE_URL"
REFRESH_SECONDS = 20.0  # CloudWatch counts by the minute: asking more often tells nothing
TRACK_HEADER = "x-merge-lane-track"


@dataclass
class AwsTarget:
    """One environment on AWS. `url` is the API's address; `requests` returns bodies to probe with.

    `count` returns what the load balancer counted of a track since a Unix time, `label` the model's hash in
    the label of an image.
    """

    folder: Path
    root: Path
    url: str
    requests: Callable[[], Sequence[bytes]]
    count: Callable[[str, float], Counts | None]
    repository: str = field(default_factory=lambda: os.environ.get(REPOSITORY_VARIABLE, ""))
    label: Callable[[str], str | None] = model_label
    vault: Vault | None = None
    clock: Callable[[], float] = time.time
    remote: bool = field(default=True, init=False)
    _probe: Probe | None = field(default=None, init=False)
    _seen: Observation | None = field(default=None, init=False)
    _seen_at: float = field(default=0.0, init=False)
    _running: ExitStack = field(default_factory=ExitStack, init=False)

    @property
    def terraform(self) -> Terraform:
        """Return Terraform for this environment."""
        return Terraform(self.root, self.folder.name)

    def stable(self) -> str | None:
        """Return the id of the release whose image stable runs; the image, where no release names it."""
        image = self._serving()
        return None if image is None else self._name(image)

    def _serving(self) -> str | None:
        """Return the image that was seen to serve; Terraform's outputs say what the last apply wanted."""
        kept = self._kept()
        for known in ("former", "serves"):  # while a deployment goes on, what it goes back to
            if known in kept:
                return str(kept[known]) if kept[known] is not None else None
        return self.terraform.deployed().stable

    def _name(self, image: str) -> str:
        digest = image.rpartition("@")[2]
        for entry in reversed(Record(self.folder / "record.jsonl").entries()):
            if entry["event"] == "planned" and entry["manifest"]["image"] == digest:
                return str(entry["release"])
        return image

    def keep(self) -> None:
        """Store state and record in the bucket."""
        if self.vault is not None:
            self.vault.push()

    def restore(self) -> None:
        """Do nothing: ECS replaces what dies."""

    def prepare(self, release: Release) -> None:
        """Refuse a release without an image, or whose chain does not hold; note what to go back to."""
        name = self._image(release)
        chain.check(chain.reviewed(self.root, release))
        chain.check([chain.label(release, self.label(name))])
        self._keep(release=release.id, former=self._serving())

    def _image(self, release: Release) -> str:
        if release.image is None or not self.repository:
            missing = "its manifest names no image" if release.image is None else "no repository is named"
            command = "merge-lane release --image DIGEST"
            raise DeployError(
                f"Release {release.id} cannot run on AWS: {missing}.",
                where="release.json" if release.image is None else REPOSITORY_VARIABLE,
                next=f"push the image, then {command}; set {REPOSITORY_VARIABLE}",
            )
        return f"{self.repository}@{release.image}"

    def start(self, release: Release, *, direct: bool) -> bool:
        """Run the image as the canary without traffic; the first release of all as stable.

        A direct release waits for `route`: ECS guards the roll of stable's service, and one apply does all.
        """
        image, former = self._image(release), self._kept()["former"]
        if former is not None and (direct or former == image):
            return False
        wanted = Deployed(former, image, 0) if former else Deployed(image)
        self.terraform.apply(wanted)
        track = "canary" if wanted.canary else "stable"
        chain.check(chain.version(release, self._version(track), f"{self.url}/version of the {track}"))
        self._keep(beside=track == "canary")
        return True

    def route(self, release: Release, share: float, deployment: str) -> None:
        """Set the canary's weight. With the whole share stable's own service rolls to the image as well."""
        image, kept = self._image(release), self._kept()
        if share < 1:
            if kept.get("deployment") != deployment:
                self._keep(deployment=deployment, since=self.clock(), weight=round(100 * share))
            self._begin_to_probe(release)
            self.terraform.apply(Deployed(kept["former"], image, round(100 * share)))
        elif kept.get("beside"):
            self.terraform.apply(Deployed(image, image, kept.get("weight", 0)))
        elif kept["former"] not in (None, image):  # else stable runs it already
            self.terraform.apply(Deployed(image))

    def _begin_to_probe(self, release: Release) -> None:
        if self._probe is None:
            edges = tally.edges_of(self.root / "models")
            former = (self._version("stable") or {}).get("model", "")
            self._probe = Probe(self.url, self.requests(), edges, stable=former, canary=release.model)
            self._running.enter_context(self._probe)

    def observe(self, release: Release) -> Observation:  # noqa: ARG002 - there is one canary
        """Return what the load balancer counted, with the predictions that were probed."""
        if self._seen is None or self.clock() - self._seen_at >= REFRESH_SECONDS:
            since = float(self._kept()["since"])
            pair = [self._with_predictions(self.count(track, since), track) for track in ("stable", "canary")]
            self._seen, self._seen_at = Observation(pair[0], pair[1], self.clock() - since), self.clock()
        return self._seen

    def _with_predictions(self, counts: Counts | None, track: str) -> Counts | None:
        if counts is None or self._probe is None:
            return counts
        return replace(counts, predictions=self._probe.predictions(track))

    def promote(self, release: Release) -> None:
        """Take the canary away: stable runs the same image now."""
        self._stop_probing()
        image = self._image(release)
        if self._kept().get("beside"):
            self.terraform.apply(Deployed(image))
        self._end(image)

    def remove(self, release: Release) -> None:
        """Take the canary away, and give stable its former image back where it had begun to change.

        Applied whatever the outputs say: they follow what an apply wanted, also one that failed half-way.
        """
        self._stop_probing()
        kept = self._kept()
        if kept.get("release") != release.id:  # refused before anything began
            return
        if kept["former"] is not None:
            self.terraform.apply(Deployed(kept["former"]))
        self._end(kept["former"])

    def _stop_probing(self) -> None:
        self._running.close()
        self._probe = self._seen = None

    def _end(self, serves: str | None) -> None:
        """Keep nothing of this deployment but what serves: the rest must not speak for the next."""
        write_json(self.folder / "aws.json", {"serves": serves})

    def links(self, release: Release) -> Iterator[chain.Link]:
        """Yield the links of the image that stable runs: digest, and label where an engine can tell."""
        found = (self.terraform.deployed().stable or "").rpartition("@")[2]
        yield chain.Link("image digest", release.image or "an image", found, "terraform output stable_image")
        try:
            yield chain.label(release, self.label(self._image(release)))
        except ReleaseError:
            yield chain.label(release, None, asked=False)

    def counts(self) -> dict[str, Any]:
        """Return nothing: the load balancer's dashboard has the counters."""
        return {}

    def version(self) -> dict[str, Any] | None:
        """Return what the API answers at `/version`."""
        return net.fetch(f"{self.url}/version")

    def _version(self, track: str) -> dict[str, Any] | None:
        return net.fetch(f"{self.url}/version", {TRACK_HEADER: track})

    def _kept(self) -> dict[str, Any]:
        path = self.folder / "aws.json"
        return dict(read_json(path)) if path.exists() else {}

    def _keep(self, **facts: Any) -> None:
        write_json(self.folder / "aws.json", {**self._kept(), **facts})


def counter(environment: str, root: Path) -> Callable[[str, float], Counts | None]:
    """Return a function that asks CloudWatch for a track's counts since a Unix time."""
    import boto3

    @cache
    def asked() -> tuple[Any, cloudwatch.Balancer]:
        prefix = Terraform(root, environment).outputs()["name"]
        return boto3.client("cloudwatch"), cloudwatch.find(boto3.client("elbv2"), prefix)

    return lambda track, since: cloudwatch.counts(*asked(), track, since, time.time())
