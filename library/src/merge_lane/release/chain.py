"""The identity chain: what was reviewed is what is served, checked link by link."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from merge_lane.errors import ChainError, ProjectError
from merge_lane.repository.git import blob, commit_of
from merge_lane.repository.lockfile import LOCK, outputs
from merge_lane.system.files import digest, json_digest, read_json

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

    from merge_lane.release.manifest import Release

BUNDLE_MANIFEST = "models/manifest.json"


@dataclass(frozen=True)
class Link:
    """One link: what it must be and what was found. `found` None: that place is silent or was not asked."""

    name: str
    expected: str
    found: str | None
    where: str
    required: bool = True

    @property
    def broken(self) -> bool:
        """True where the link says something else, or says nothing though it must."""
        return self.required if self.found is None else self.found != self.expected


def check(links: Iterable[Link]) -> list[Link]:
    """Return the links, all whole. Raises ChainError naming the first that is broken."""
    seen = []
    for link in links:
        if link.broken:
            raise ChainError(
                f"The identity chain breaks at {link.name}: expected {link.expected}, "
                f"found {link.found if link.found is not None else 'nothing'}.",
                where=link.where,
                next="do not deploy; `git log` that file, run `dvc repro` and review again, or roll back",
            )
        seen.append(link)
    return seen


def reviewed(root: Path, release: Release) -> Iterator[Link]:
    """Yield the links inside git at the release's commit: dvc.lock, the bundle's manifest, the release."""
    manifest = _committed(root, release.commit, BUNDLE_MANIFEST)
    lock = _committed(root, release.commit, LOCK)
    md5 = hashlib.md5(manifest, usedforsecurity=False).hexdigest() if manifest is not None else ""
    where = f"{release.commit[:12]}:"
    locked = outputs(lock, f"{where}{LOCK}").get(BUNDLE_MANIFEST)
    yield Link(LOCK, md5, locked, f"{where}{LOCK}")
    model = hashlib.sha256(manifest).hexdigest() if manifest is not None else None
    yield Link("release manifest", model or "a bundle in git", release.model, f"{where}{BUNDLE_MANIFEST}")


def bundle(models: Path, release: Release) -> Iterator[Link]:
    """Yield the links of the files on disk: the bundle's manifest, then every file that it names."""
    manifest = models / "manifest.json"
    yield Link("bundle manifest", release.model, _file_hash(manifest), str(manifest))
    tree = read_json(manifest)
    for name, entry in sorted(tree["files"].items()):
        yield Link(f"bundle file {name}", entry["sha256"], _file_hash(models / name), str(models / name))
    for name in ("data", "contract"):
        yield Link(f"{name} hash", tree["inputs"][name], getattr(release, name), str(manifest))


def deployed(release: Release, found: Release | None, where: str) -> Link:
    """Return the link of the manifest that lies beside what is served."""
    said = None if found is None else json_digest(found.model_dump())
    return Link("deployed manifest", json_digest(release.model_dump()), said, where)


def label(release: Release, found: str | None, *, asked: bool = True) -> Link:
    """Return the link of the image's label; not required without an image, or where nobody could ask."""
    required = asked and release.image is not None
    return Link("image label", release.model, found, release.image or "no image", required=required)


def registry(release: Release, ask: Callable[[], str | None]) -> Link:
    """Return the registry's link. A registry that is down is silent, not broken: git is the authority."""
    try:
        found = ask()
    except ProjectError as error:
        return Link("registry tag", release.model, None, error.what, required=False)
    return Link("registry tag", release.model, found, "MLflow, alias champion", required=False)


def version(
    release: Release, answer: dict[str, Any] | None, where: str, *, commit: bool = False
) -> Iterator[Link]:
    """Yield the links of a running server: what `/version` answers of model, data and contract.

    `commit` asks for that too, where the server runs the commit's own code. An image is named by its content:
    a later commit of the same content keeps it, and it answers the commit that built it.
    """
    for name in ("model", "data", "contract", *(["commit"] if commit else [])):
        yield Link(f"/version {name}", getattr(release, name), (answer or {}).get(name), where)


def recorded(release: Release, entry: dict[str, Any] | None, where: str) -> Link:
    """Return the link of the deployment record: the model that was promoted last."""
    return Link("deployment record", release.model, (entry or {}).get("model"), where)


def _committed(root: Path, commit: str, path: str) -> bytes | None:
    """Return a file's bytes at a commit; None where the commit or the file is unknown."""
    return blob(commit, path, root=root) if commit_of(commit, root=root) else None


def _file_hash(path: Path) -> str | None:
    return digest(path) if path.is_file() else None
