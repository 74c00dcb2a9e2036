"""What is in the image, as a CycloneDX bill of materials: the locked packages, the model, the base."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from uuid import NAMESPACE_OID, uuid5

from merge_lane.errors import ReleaseError
from merge_lane.release.image import build

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from cyclonedx.model.bom import Bom
    from cyclonedx.model.component import Component

LOCK = "requirements/serve.txt"
LINUX = {"sys_platform": "linux", "platform_system": "Linux", "os_name": "posix"}
"""What markers of a lock ask about, as it is inside the image."""
HASH = re.compile(r"--hash=sha256:([0-9a-f]{64})")
BASE = re.compile(r"^ARG RUN_BASE=(\S+?)@sha256:([0-9a-f]{64})$", re.MULTILINE)


def write(root: Path, path: Path, base: str | None = None) -> int:
    """Write the bill of the image of the tree in `root`, JSON of CycloneDX 1.6; return how many parts it has.

    The same tree gives the same bytes. `base` took the place of the recipe's own. Raises ReleaseError where
    the recipe names no base by digest.
    """
    from cyclonedx.output.json import JsonV1Dot6

    bom = _bom(root, base)
    path.write_text(JsonV1Dot6(bom).output_as_string(indent=2) + "\n", encoding="utf-8")
    return len(bom.components)


def _bom(root: Path, base: str | None) -> Bom:
    from cyclonedx.model.bom import Bom, BomMetaData
    from cyclonedx.model.component import Component, ComponentType

    content = build.content_tag(root, base)
    kind = ComponentType.CONTAINER
    whole = Component(name="merge-lane", version=content, type=kind, bom_ref="image")
    parts = [*_packages((root / LOCK).read_text()), _model(root), _base(root, base)]
    moment = datetime.fromtimestamp(build.EPOCH, UTC)  # a time of day would make another bill each time
    bom = Bom(
        components=parts,
        serial_number=uuid5(NAMESPACE_OID, content),
        metadata=BomMetaData(component=whole, timestamp=moment),
    )
    bom.register_dependency(whole, parts)
    return bom


def _packages(lock: str) -> Iterator[Component]:
    """Yield the packages of a lock that are installed on Linux; hashes are those of their wheels."""
    from cyclonedx.model.component import Component, ComponentType
    from packageurl import PackageURL
    from packaging.requirements import Requirement

    for line in lock.replace("\\\n", " ").splitlines():
        wanted = Requirement(line.partition("--hash")[0])
        if wanted.marker is not None and not wanted.marker.evaluate(LINUX):
            continue
        version = str(wanted.specifier).removeprefix("==")
        yield Component(
            name=wanted.name,
            version=version,
            type=ComponentType.LIBRARY,
            bom_ref=f"{wanted.name}@{version}",
            purl=PackageURL("pypi", None, wanted.name, version),
            properties=_properties({"lock:sha256": HASH.findall(line)}),
        )


def _model(root: Path) -> Component:
    from cyclonedx.model.component import Component, ComponentType

    labels = build.labels(root)
    return Component(
        name="model",
        version=labels["MODEL"][:8],
        type=ComponentType.MACHINE_LEARNING_MODEL,
        bom_ref="model",
        hashes=[_sha256(labels["MODEL"])],
        properties=_properties({name: [labels[name.upper()]] for name in ("data", "contract")}),
    )


def _base(root: Path, base: str | None) -> Component:
    from cyclonedx.model.component import Component, ComponentType

    found = BASE.search((root / build.RECIPE[0]).read_text())
    if found is None:
        raise ReleaseError(
            "The recipe names no base image by its digest.",
            where=build.RECIPE[0],
            next="ARG RUN_BASE=NAME@sha256:DIGEST",
        )
    name, digest = (f"{base}:run", None) if base else (found[1], found[2])
    hashes = [_sha256(digest)] if digest else []
    return Component(name=name, version=digest, type=ComponentType.CONTAINER, bom_ref="base", hashes=hashes)


def _sha256(content: str) -> Any:
    from cyclonedx.model import HashAlgorithm, HashType

    return HashType(alg=HashAlgorithm.SHA_256, content=content)


def _properties(values: dict[str, list[str]]) -> Iterable[Any]:
    from cyclonedx.model import Property

    return [Property(name=name, value=value) for name, found in values.items() for value in found]
