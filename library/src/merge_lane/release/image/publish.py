"""Brings the image of a tree to a registry, once: an image with its content's tag is kept."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from merge_lane.errors import ChainError
from merge_lane.release.image import build

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


@dataclass(frozen=True)
class Published:
    """An image in a registry. `digest` is `sha256:…`; `built` is False where the registry had it already."""

    repository: str
    tag: str
    digest: str
    built: bool

    @property
    def name(self) -> str:
        """Return the name that can never mean another image."""
        return f"{self.repository}@{self.digest}"


def publish(
    root: Path,
    repository: str,
    facts: dict[str, str],
    base: str | None = None,
    *,
    say: Callable[[str], None],
) -> Published:
    """Push the image of the tree in `root` to `repository`, or find it there; return where it is.

    `facts` are the `build.labels` of the tree. Raises BundleError and ReleaseError as `build.build` does,
    ReleaseError where the push is refused, and ChainError where an image of that tag has other labels.
    """
    tag = facts["CONTENT"]
    name = f"{repository}:{tag}"
    built = not build.pull(name)
    if built:
        say(f"build {name}")
        build.build(root, name, facts, base)
        build.push(name)
    else:
        say(f"{name} exists: nothing is built")
    _check_labels(name, facts)
    return Published(repository, tag, _digest(name, repository), built)


def _check_labels(name: str, expected: dict[str, str]) -> None:
    """Raise ChainError unless the image's labels are those of the tree; the commit may be an earlier one."""
    labels = build.labels_of(name)
    for argument, label in build.LABELS.items():
        if argument != "REVISION" and labels.get(label) != expected[argument]:
            raise ChainError(
                f"The image's label {label} is {labels.get(label, 'missing')}, not {expected[argument]}.",
                where=name,
                next="remove that image from the registry and find out who pushed it; the next run builds it",
            )


def _digest(name: str, repository: str) -> str:
    """Return the digest under which the registry knows the image."""
    known = json.loads(build.inspect(name, "{{json .RepoDigests}}"))
    return next(str(one).partition("@")[2] for one in known if one.startswith(f"{repository}@"))
