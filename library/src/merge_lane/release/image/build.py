"""The container image: its content, the tag that follows from the content, and a build without a network.

The tag is the hash of the whole content: an image that exists is not built again, and a revert finds its own.
"""

from __future__ import annotations

import hashlib
import importlib.util
import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from merge_lane import project
from merge_lane.errors import ReleaseError
from merge_lane.model import sealed_files as bundle_files
from merge_lane.release.image import assemble, library
from merge_lane.repository.git import git
from merge_lane.system.files import digest

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

EPOCH = 315532800
"""Time of every file in the image, seconds: 1980-01-01, the first moment that a wheel can hold."""

PLATFORM_TAGS = ("manylinux2014_x86_64", *(f"manylinux_2_{minor}_x86_64" for minor in range(17, 37)))
"""Wheels that run on the bases' C library (glibc 2.36)."""

MODEL_LABEL = "merge-lane.model"
"""Label that holds the model's hash: one link of the identity chain."""

LABELS = {
    "REVISION": "org.opencontainers.image.revision",
    "MODEL": MODEL_LABEL,
    "DATA": "merge-lane.data",
    "CONTRACT": "merge-lane.contract",
    "CONTENT": "merge-lane.content",
}
"""Build argument -> the label that the recipe makes of it."""

RECIPE = "infra/image/Dockerfile"
ASSEMBLE = Path(assemble.__file__)
"""The program that the recipe runs; it comes with the library."""

LOCKS = ("requirements/build.txt", "requirements/serve.txt")
BUILD_SECONDS = 900  # without a network a build takes half a minute; a hanging engine must not hang a release


def content_tag(root: Path, base: str | None = None) -> str:
    """Return the tag of the image of the tree in `root`: 32 hex digits, the same for the same content.

    The content is the recipe, the locks, the code of project and library, the bundle's manifest (it names the
    model by its hash, so the model itself may be missing) and the base, where it is not the recipe's own.
    Raises ReleaseError when a file is missing.
    """
    state = hashlib.sha256((base or "").encode())
    for name, path in _content(root):
        state.update(f"{name}\0{_hash(path)}\n".encode())
    return state.hexdigest()[:32]


def _content(root: Path) -> Iterator[tuple[str, Path]]:
    yield "assemble.py", ASSEMBLE
    for name in (RECIPE, *LOCKS, "pyproject.toml", "models/manifest.json"):
        yield name, root / name
    for path in (*_sources(root), *_code(root, library.files(root))):
        yield path.relative_to(root).as_posix(), path


def _sources(root: Path) -> list[Path]:
    return _code(root, (path for path in (root / "src").rglob("*") if path.is_file()))


def _code(root: Path, paths: Iterable[Path]) -> list[Path]:
    """Return the files in order, without those that tools leave next to the code."""
    return sorted(path for path in paths if _is_code(path.relative_to(root)))


def _is_code(path: Path) -> bool:
    return not any(part == "__pycache__" or part.endswith(".egg-info") for part in path.parts)


def _hash(path: Path) -> str:
    try:
        return digest(path)
    except OSError as error:
        raise ReleaseError(
            f"The image needs {path.name}, which cannot be read: {error.strerror}.",
            where=str(path),
            next="run `dvc repro`, or restore the file with git",
        ) from error


def labels(root: Path, base: str | None = None) -> dict[str, str]:
    """Return the image's build arguments that become its labels: links of the identity chain.

    `REVISION` is the commit that builds it: a later commit of the same content finds and keeps this image.
    """
    inputs = json.loads((root / "models/manifest.json").read_text())["inputs"]
    return {
        "REVISION": git("rev-parse", "HEAD", root=root),
        "MODEL": _hash(root / "models/manifest.json"),
        "DATA": inputs["data"],
        "CONTRACT": inputs["contract"],
        "CONTENT": content_tag(root, base),
    }


def package(root: Path) -> str:
    """Return the name of the project's package, which the image's environment holds. Raises ReleaseError."""
    name = project.declared(root / "pyproject.toml")
    if name is None:
        raise ReleaseError(
            "pyproject.toml declares no package, so the image would not find the contract.",
            where=project.DECLARATION,
            next="add it, or restore the file with git",
        )
    return name


def inspect(name: str, template: str) -> str:
    """Return the engine's description of an image, by a template in Go's language. Raises ReleaseError."""
    return _engine("image", "inspect", "--format", template, name).stdout.strip()


def labels_of(name: str) -> dict[str, str]:
    """Return the labels of an image that the engine has."""
    return dict(json.loads(inspect(name, "{{json .Config.Labels}}")) or {})


def pull(name: str) -> bool:
    """Fetch an image; False where the registry has none, or does not show it to this user."""
    return _engine("pull", "--quiet", name, check=False).returncode == 0


def model_label(name: str) -> str | None:
    """Return the model's hash that an image in a registry bears; None where it has no such label.

    `name` is REPOSITORY@DIGEST. Raises ReleaseError where there is no engine or the image is not available.
    """
    if not pull(name):
        raise ReleaseError(
            f"The image {name} is not available, so its label cannot be read.",
            where=name,
            next="log in to its registry; check that it was pushed: `docker pull` prints why",
        )
    return labels_of(name).get(MODEL_LABEL)


def push(name: str) -> None:
    """Bring an image to its registry. Raises ReleaseError where that refuses."""
    _engine("push", "--quiet", name)


def build(
    root: Path, tag: str, facts: dict[str, str], base: str | None = None, *, cached: bool = True
) -> str:
    """Build the image of the tree in `root`, name it `tag`, and return its id `sha256:…`.

    `facts` are its `labels`. `base` names two images `BASE:build` and `BASE:run` that replace the recipe's
    (see infra/image/debian-base). Wheels are downloaded first, by hash; the build itself has no network. With
    `cached` False every step runs again.
    Raises BundleError where the bundle is not whole, ReleaseError where a download or the build fails.
    """
    bases = {"BUILD_BASE": f"{base}:build", "RUN_BASE": f"{base}:run"} if base else {}
    with tempfile.TemporaryDirectory(prefix="image-") as scratch:
        context = Path(scratch)
        lay_out(root, context)
        values = {**bases, **facts, "PACKAGE": package(root), "SOURCE_DATE_EPOCH": str(EPOCH)}
        arguments = [part for name, value in values.items() for part in ("--build-arg", f"{name}={value}")]
        recipe = ["--file", str(context / "Dockerfile"), str(context)]
        fresh = [] if cached else ["--no-cache"]
        _engine("build", "--network=none", *fresh, "--tag", tag, *arguments, *recipe)
    return inspect(tag, "{{.Id}}")


def lay_out(root: Path, context: Path) -> None:
    """Fill the build's context: recipe, locks, wheels, library, code and bundle, and nothing else."""
    for name, data in bundle_files.verified(root / "models").items():
        _put(context / "models" / name, data)
    for path in (root / RECIPE, ASSEMBLE):
        _put(context / path.name, path.read_bytes())
    library.provide(root, context / "library")
    for name in LOCKS:
        _put(context / name, (root / name).read_bytes())
        _download(root, name, context / "wheels")
    _put(context / "source/pyproject.toml", (root / "pyproject.toml").read_bytes())
    _put(context / "source/README.md", b"")  # pyproject.toml names it; the image does not need it
    for path in _sources(root):
        _put(context / "source" / path.relative_to(root), path.read_bytes())


def _put(path: Path, data: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)


def _download(root: Path, lock: str, wheels: Path, python: str = "3.11") -> None:
    """Download the wheels that a lock names for the bases' Python, or copy them from vendor/, by hash."""
    platforms = [part for tag in PLATFORM_TAGS for part in ("--platform", tag)]
    command = [*_pip(), "download", "--quiet", "--disable-pip-version-check", "--no-deps", "--require-hashes"]
    target = ["--only-binary=:all:", "--implementation=cp", f"--python-version={python}", *platforms]
    vendor = [f"--find-links={root / library.VENDOR}"] if (root / library.VENDOR).is_dir() else []
    process = _run([*command, *target, *vendor, f"--dest={wheels}", "--requirement", str(root / lock)])
    if process.returncode:
        raise ReleaseError(
            f"The wheels of {Path(lock).name} cannot be downloaded: {_last_line(process.stderr)}",
            where=str(root / lock),
            next="check the network and pip's settings, or put the wheels where PIP_FIND_LINKS points",
        )


def _pip() -> list[str]:
    if importlib.util.find_spec("pip"):
        return [sys.executable, "-m", "pip"]
    if program := shutil.which("pip3") or shutil.which("pip"):
        return [program]
    raise ReleaseError(
        "There is no pip to download the wheels with.",
        where="building the image",
        next="install pip for this Python: `python -m ensurepip`",
    )


def _engine(*arguments: str, check: bool = True) -> subprocess.CompletedProcess[str]:
    """Run the container engine. Raises ReleaseError where there is none, or where it fails."""
    engine = os.environ.get("ENGINE", "docker")
    if not shutil.which(engine):
        raise ReleaseError(
            f"There is no {engine} on this machine.",
            where="building the image",
            next="install Docker, or name another engine: ENGINE=podman",
        )
    process = _run([engine, *arguments])
    if check and process.returncode:
        raise ReleaseError(
            f"`{engine} {arguments[0]}` failed: {_last_line(process.stderr) or _last_line(process.stdout)}",
            where=" ".join(arguments[-2:]),
            next=f"read its whole output: {engine} {' '.join(arguments[:2])} …",
        )
    return process


def _run(command: list[str]) -> subprocess.CompletedProcess[str]:
    try:
        return subprocess.run(command, timeout=BUILD_SECONDS, capture_output=True, text=True, check=False)
    except subprocess.TimeoutExpired as error:
        raise ReleaseError(
            f"`{Path(command[0]).name} {command[1]}` did not end within {BUILD_SECONDS} s.",
            where=" ".join(command[:3]),
            next="check that the engine answers: `docker info`",
        ) from error


def _last_line(text: str) -> str:
    lines = [line for line in text.splitlines() if line.strip()]
    return lines[-1].strip() if lines else ""
