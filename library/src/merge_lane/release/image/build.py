"""The container image: what goes in, the tag that follows from it, and how it is built without a network.

The tag is the hash of all that goes in: an image that exists is not built again, and a revert finds its own.
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

from merge_lane.errors import ReleaseError
from merge_lane.model import sealed_files as bundle_files
from merge_lane.repository.git import git
from merge_lane.system.files import digest

if TYPE_CHECKING:
    from collections.abc import Iterator

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

RECIPE = ("infra/image/Dockerfile", "infra/image/assemble.py")
LOCKS = ("requirements/build.txt", "requirements/serve.txt")
BUILD_SECONDS = 900  # without a network a build takes half a minute; a hanging engine must not hang a release


def content_tag(root: Path, base: str | None = None) -> str:
    """Return the tag of the image of the tree in `root`: 32 hex digits, the same for the same content.

    Counted are recipe, locks, project code, the bundle's manifest (it names the model by its hash, so the
    model itself need not be there) and the base, where it is not the recipe's own. Raises ReleaseError when
    a file is missing.
    """
    state = hashlib.sha256((base or "").encode())
    for name, path in _content(root):
        state.update(f"{name}\0{_hash(path)}\n".encode())
    return state.hexdigest()[:32]


def _content(root: Path) -> Iterator[tuple[str, Path]]:
    for name in (*RECIPE, *LOCKS, "pyproject.toml", "models/manifest.json"):
        yield name, root / name
    for path in _sources(root):
        yield path.relative_to(root).as_posix(), path


def _sources(root: Path) -> list[Path]:
    """Return the project's code in order, without what tools leave beside it."""
    found = (root / "src").rglob("*")
    return sorted(path for path in found if path.is_file() and _is_code(path.relative_to(root)))


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


def inspect(name: str, template: str) -> str:
    """Return what the engine says of an image, in Go's template language. Raises ReleaseError."""
    return _engine("image", "inspect", "--format", template, name).stdout.strip()


def labels_of(name: str) -> dict[str, str]:
    """Return the labels of an image that the engine has."""
    return dict(json.loads(inspect(name, "{{json .Config.Labels}}")) or {})


def pull(name: str) -> bool:
    """Fetch an image; False where the registry has none, or shows none to who asks."""
    return _engine("pull", "--quiet", name, check=False).returncode == 0


def model_label(name: str) -> str | None:
    """Return the model's hash that an image in a registry bears; None where it has no such label.

    `name` is REPOSITORY@DIGEST. Raises ReleaseError where there is no engine or the image cannot be had.
    """
    if not pull(name):
        raise ReleaseError(
            f"The image {name} cannot be had, so its label cannot be read.",
            where=name,
            next="log in to its registry; see whether it was pushed: `docker pull` says why",
        )
    return labels_of(name).get(MODEL_LABEL)


def push(name: str) -> None:
    """Bring an image to its registry. Raises ReleaseError where that refuses."""
    _engine("push", "--quiet", name)


def build(root: Path, tag: str, base: str | None = None, *, cached: bool = True) -> str:
    """Build the image of the tree in `root`, name it `tag`, and return its id `sha256:…`.

    `base` names two images `BASE:build` and `BASE:run` that take the place of the recipe's own (see
    infra/image/debian-base). Wheels are downloaded first, by hash; the build itself has no network. `cached`
    False does each step anew.
    Raises BundleError where the bundle is not whole, ReleaseError where a download or the build fails.
    """
    bases = {"BUILD_BASE": f"{base}:build", "RUN_BASE": f"{base}:run"} if base else {}
    with tempfile.TemporaryDirectory(prefix="image-") as scratch:
        context = Path(scratch)
        lay_out(root, context)
        arguments = {**bases, **labels(root, base), "SOURCE_DATE_EPOCH": str(EPOCH)}
        given = [word for name, value in arguments.items() for word in ("--build-arg", f"{name}={value}")]
        recipe = ["--file", str(context / "Dockerfile"), str(context)]
        anew = [] if cached else ["--no-cache"]
        _engine("build", "--network=none", *anew, "--tag", tag, *given, *recipe)
    return inspect(tag, "{{.Id}}")


def lay_out(root: Path, context: Path) -> None:
    """Fill the build's context: recipe, locks, wheels, code and bundle, nothing else of the repository."""
    for name, data in bundle_files.verified(root / "models").items():
        _put(context / "models" / name, data)
    for name in RECIPE:
        _put(context / Path(name).name, (root / name).read_bytes())
    for name in LOCKS:
        _put(context / name, (root / name).read_bytes())
        _download(root / name, context / "wheels")
    _put(context / "source/pyproject.toml", (root / "pyproject.toml").read_bytes())
    _put(context / "source/README.md", b"")  # pyproject.toml asks for it; the image does not
    for path in _sources(root):
        _put(context / "source" / path.relative_to(root), path.read_bytes())


def _put(path: Path, data: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)


def _download(lock: Path, wheels: Path, python: str = "3.11") -> None:
    """Download the wheels that a lock names for the bases' Python, each compared with its hash."""
    platforms = [word for tag in PLATFORM_TAGS for word in ("--platform", tag)]
    command = [*_pip(), "download", "--quiet", "--disable-pip-version-check", "--no-deps", "--require-hashes"]
    target = ["--only-binary=:all:", "--implementation=cp", f"--python-version={python}", *platforms]
    done = _run([*command, *target, f"--dest={wheels}", "--requirement", str(lock)])
    if done.returncode:
        raise ReleaseError(
            f"The wheels of {lock.name} cannot be downloaded: {_last_line(done.stderr)}",
            where=str(lock),
            next="check the network and pip's settings, or put the wheels where PIP_FIND_LINKS points",
        )


def _pip() -> list[str]:
    if importlib.util.find_spec("pip"):
        return [sys.executable, "-m", "pip"]
    if found := shutil.which("pip3") or shutil.which("pip"):
        return [found]
    raise ReleaseError(
        "There is no pip to download the wheels with.",
        where="building the image",
        next="install pip beside this Python: `python -m ensurepip`",
    )


def _engine(*words: str, check: bool = True) -> subprocess.CompletedProcess[str]:
    """Run the container engine. Raises ReleaseError where there is none, or where it fails."""
    engine = os.environ.get("ENGINE", "docker")
    if not shutil.which(engine):
        raise ReleaseError(
            f"There is no {engine} on this machine.",
            where="building the image",
            next="install Docker, or name another engine: ENGINE=podman",
        )
    done = _run([engine, *words])
    if check and done.returncode:
        raise ReleaseError(
            f"`{engine} {words[0]}` failed: {_last_line(done.stderr) or _last_line(done.stdout)}",
            where=" ".join(words[-2:]),
            next=f"read all it says: {engine} {' '.join(words[:2])} …",
        )
    return done


def _run(command: list[str]) -> subprocess.CompletedProcess[str]:
    try:
        return subprocess.run(command, timeout=BUILD_SECONDS, capture_output=True, text=True, check=False)
    except subprocess.TimeoutExpired as error:
        raise ReleaseError(
            f"`{Path(command[0]).name} {command[1]}` did not end within {BUILD_SECONDS} s.",
            where=" ".join(command[:3]),
            next="see whether the engine answers: `docker info`",
        ) from error


def _last_line(text: str) -> str:
    lines = [line for line in text.splitlines() if line.strip()]
    return lines[-1].strip() if lines else ""
