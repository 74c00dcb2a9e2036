"""The files of a bundle and the manifest that names them: read once, compared, returned as bytes."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any

from merge_lane.errors import BundleError
from merge_lane.system.files import dump_json

if TYPE_CHECKING:
    from pathlib import Path

FORMAT = 1
MANIFEST = "manifest.json"
FILES = ("contract.json", "encoding.json", "model.onnx", "model.ubj", "reference.json")
TOLERATED = (".gitignore",)  # DVC writes one next to its outputs
REBUILD = "restore it with `dvc checkout --force models`, or build it again with `dvc repro`"


def json_bytes(value: Any) -> bytes:
    """Return the bytes that `files.write_json` would write."""
    return (dump_json(value) + "\n").encode()


def listed(contents: dict[str, bytes]) -> dict[str, dict[str, Any]]:
    """Return size and sha256 of each file."""
    return {
        name: {"sha256": hashlib.sha256(data).hexdigest(), "bytes": len(data)}
        for name, data in contents.items()
    }


def sealed(manifest: dict[str, Any]) -> dict[str, Any]:
    """Add the hash of the manifest itself, which lists the hash of every file."""
    rest = {key: value for key, value in manifest.items() if key != "seal"}
    return {**rest, "seal": hashlib.sha256(json_bytes(rest)).hexdigest()}


def read(directory: Path) -> dict[str, bytes]:
    """Read every file once. Raises BundleError where one is missing, foreign or unreadable."""
    if not directory.is_dir():
        raise BundleError(f"There is no model bundle in {directory}.", where=str(directory), next=REBUILD)
    present = {path.name for path in directory.iterdir()} - set(TOLERATED)
    expected = {*FILES, MANIFEST}
    if missing := sorted(expected - present):
        raise BundleError(f"The bundle lacks {', '.join(missing)}.", where=str(directory), next=REBUILD)
    if foreign := sorted(present - expected):
        raise BundleError(
            f"The bundle has files that do not belong to it: {', '.join(foreign)}.",
            where=str(directory),
            next="move it elsewhere: a bundle is exactly the files of its manifest",
        )
    try:
        return {name: (directory / name).read_bytes() for name in sorted(expected)}
    except OSError as error:
        raise BundleError(
            f"The bundle cannot be read: {error}.", where=str(directory), next=REBUILD
        ) from error


def checked(directory: Path, contents: dict[str, bytes]) -> dict[str, Any]:
    """Return the manifest. Raises BundleError where it is altered or of another format."""
    where = str(directory / MANIFEST)
    try:
        manifest = json.loads(contents[MANIFEST])
    except ValueError as error:
        what = f"The manifest is not JSON: {error}."
        raise BundleError(what, where=where, next=REBUILD) from error
    if not isinstance(manifest, dict) or json_bytes(sealed(manifest)) != contents[MANIFEST]:
        raise BundleError("The manifest was altered: its seal is broken.", where=where, next=REBUILD)
    if manifest.get("format") != FORMAT or set(manifest["files"]) != set(FILES):
        raise BundleError(
            f"The bundle has format {manifest.get('format')!r}, this version reads format {FORMAT}.",
            where=where,
            next="train again with this version: `dvc repro`",
        )
    return manifest


def verified(directory: Path) -> dict[str, bytes]:
    """Return every file of the bundle. Raises BundleError where one is not as the manifest promises."""
    contents = read(directory)
    for name, promise in checked(directory, contents)["files"].items():
        check_file(directory / name, contents[name], promise)
    return contents


def check_file(path: Path, data: bytes, promise: dict[str, Any]) -> None:
    """Raise BundleError where `data` has another size or hash than the manifest promises for `path`."""
    if len(data) != promise["bytes"]:
        raise BundleError(
            f"{path.name} has {len(data):,} bytes, the manifest promises {promise['bytes']:,}.",
            where=str(path),
            next=REBUILD,
        )
    if hashlib.sha256(data).hexdigest() != promise["sha256"]:
        what = f"{path.name} was altered: its sha256 is not the manifest's."
        raise BundleError(what, where=str(path), next=REBUILD)
