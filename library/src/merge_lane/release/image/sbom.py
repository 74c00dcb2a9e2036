"""The image's CycloneDX bill of materials: the locked packages, the library, the model, the base."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from uuid import NAMESPACE_OID, uuid5

from merge_lane.errors import ReleaseError
from merge_lane.release.image import build, library

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from cyclonedx.model.bom import Bom
    from cyclonedx.model.component import Component

LOCK = "requirements/serve.txt"
LINUX = {"sys_platform": "linux", "platform_system": "Linux", "os_name": "posix"}
"""The values that markers of a lock have inside the image."""
HASH = re.compile(r"--hash=sha256:([0-9a-f]{64})")
BASE = re.compile(r"^ARG RUN_BASE=(\S+?)@sha256:([0-9a-f]{64})$", re.MULTILINE)


def write(root: Path, path: Path, facts: dict[str, str], base: str | None = None) -> int:
    """Write the bill of the image of the tree in `root`, JSON of CycloneDX 1.6; return how many parts it has.

    The same tree gives the same bytes. `facts` are its `build.labels`; `base` replaces the recipe's own.
    Raises ReleaseError where the recipe names no base by digest.
    """
    from cyclonedx.output.json import JsonV1Dot6

    bom = _bom(root, facts, base)
    path.write_text(JsonV1Dot6(bom).output_as_string(indent=2) + "\n", encoding="utf-8")
    return len(bom.components)


def _bom(root: Path, facts: dict[str, str], base: str | None) -> Bom:
    from cyclonedx.model.bom import Bom, BomMetaData
    from cyclonedx.model.component import Component, ComponentType

    content = facts["CONTENT"]
    kind = ComponentType.CONTAINER
    whole = Component(name=build.package(root), version=content, type=kind, bom_ref="image")
    parts = [*_packages((root / LOCK).read_text()), *_library(root), _model(facts), _base(root, base)]
    moment = datetime.fromtimestamp(build.EPOCH, UTC)  # the time of day would change the bill each time
    bom = Bom(
        components=parts,
        serial_number=uuid5(NAMESPACE_OID, content),
        metadata=BomMetaData(component=whole, timestamp=moment),
    )
    bom.register_dependency(whole, parts)
    return bom


def _packages(lock: str) -> Iterator[Component]:
    """Yield the packages of a lock that are installed on Linux; hashes are those of their wheels."""
    from packaging.requirements import Requirement

    for line in lock.replace("\\\n", " ").splitlines():
        package = Requirement(line.partition("--hash")[0])
        if package.marker is None or package.marker.evaluate(LINUX):
            version = str(package.specifier).removeprefix("==")
            yield _package(package.name, version, _properties({"lock:sha256": HASH.findall(line)}))


def _library(root: Path) -> Iterator[Component]:
    """Yield the library where the image takes it from library/; else it is one of the locked packages."""
    version = library.version(root)
    if version is not None:
        yield _package("merge-lane", version, ())


def _package(name: str, version: str, properties: Iterable[Any]) -> Component:
    from cyclonedx.model.component import Component, ComponentType
    from packageurl import PackageURL

    return Component(
        name=name,
        version=version,
        type=ComponentType.LIBRARY,
        bom_ref=f"{name}@{version}",
        purl=PackageURL("pypi", None, name, version),
        properties=properties,
    )


def _model(facts: dict[str, str]) -> Component:
    from cyclonedx.model.component import Component, ComponentType

    return Component(
        name="model",
        version=facts["MODEL"][:8],
        type=ComponentType.MACHINE_LEARNING_MODEL,
        bom_ref="model",
        hashes=[_sha256(facts["MODEL"])],
        properties=_properties({name: [facts[name.upper()]] for name in ("data", "contract")}),
    )


def _base(root: Path, base: str | None) -> Component:
    from cyclonedx.model.component import Component, ComponentType

    recipe = BASE.search((root / build.RECIPE).read_text())
    if recipe is None:
        raise ReleaseError(
            "The recipe names no base image by its digest.",
            where=build.RECIPE,
            next="ARG RUN_BASE=NAME@sha256:DIGEST",
        )
    name, digest = (f"{base}:run", None) if base else (recipe[1], recipe[2])
    hashes = [_sha256(digest)] if digest else []
    return Component(name=name, version=digest, type=ComponentType.CONTAINER, bom_ref="base", hashes=hashes)


def _sha256(content: str) -> Any:
    from cyclonedx.model import HashAlgorithm, HashType

    return HashType(alg=HashAlgorithm.SHA_256, content=content)


def _properties(values: dict[str, list[str]]) -> Iterable[Any]:
    from cyclonedx.model import Property

    return [Property(name=name, value=value) for name, listed in values.items() for value in listed]
