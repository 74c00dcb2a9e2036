"""Bring the image of a commit to its registry, and put its digest into the release."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from merge_lane.forge import runner

FOLDER = Path("tmp/image")
DESCRIPTION = FOLDER / "image.json"


def image() -> None:
    """Bring the image to its registry, unless it is there, and write release.json with its digest.

    Reads IMAGE_REPOSITORY [ghcr.io/OWNER/NAME], GITHUB_REPOSITORY (owner/name) and IMAGE_BASE, other base
    images. Sets the outputs `repository`, `digest` and `built`.
    """
    base = runner.optional("IMAGE_BASE")
    FOLDER.mkdir(parents=True, exist_ok=True)
    options = ["--sbom", str(FOLDER / "sbom.json"), "--output", str(DESCRIPTION)]
    options += ["--base", base] if base else []
    runner.run("merge-lane", "image", "--repository", repository(), *options)
    made = description()
    runner.run("merge-lane", "release", "--image", made["digest"])
    built = "true" if made["built"] else "false"
    runner.write_outputs(repository=made["repository"], digest=made["digest"], built=built)


def repository() -> str:
    """Return where images are pushed to [GitHub's registry, which refuses capitals]."""
    name = runner.optional("IMAGE_REPOSITORY")
    return name or f"ghcr.io/{runner.required('GITHUB_REPOSITORY', 'owner/name').lower()}"


def description() -> dict[str, Any]:
    """Return name, repository and digest of the image, and whether it was built now. Raises InputError."""
    try:
        made: dict[str, Any] = json.loads(DESCRIPTION.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise runner.InputError(f"Cannot read {DESCRIPTION}: {error}.", next="run `make ci-image`") from error
    return made
