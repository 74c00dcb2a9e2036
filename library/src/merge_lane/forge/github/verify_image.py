"""Ask GitHub whether deploy.yml of main built an image, and signed what is in it. Standard library only."""

from __future__ import annotations

import sys

from merge_lane.errors import ChainError
from merge_lane.forge import runner
from merge_lane.forge.steps import image

KINDS = ("https://slsa.dev/provenance/v1", "https://cyclonedx.org/bom")
"""Attestations that an image must have: who built it, and what is in it."""


def verify_image() -> None:
    """Verify the attestations of the image in tmp/image/image.json: deploy.yml of main built it.

    Reads GITHUB_REPOSITORY (owner/name) and GH_TOKEN. Exit code 31: an attestation is missing.
    """
    repository = runner.required("GITHUB_REPOSITORY", "owner/name")
    runner.required("GH_TOKEN", "a token with attestations: read")
    name = image.description()["name"]
    signer = f"{repository}/.github/workflows/deploy.yml"
    for kind in KINDS:
        source = ("--repo", repository, "--source-ref", "refs/heads/main", "--signer-workflow", signer)
        try:
            runner.run("gh", "attestation", "verify", f"oci://{name}", *source, "--predicate-type", kind)
        except runner.ProgramError as error:
            if error.exit_code == runner.NOT_FOUND:
                raise
            raise ChainError(
                f"verify-image: nobody vouches for {name} ({kind}): it is not deployed.",
                where="gh attestation verify",
                next="where its signing failed after its push, or signing was off (the variable ATTEST), "
                "remove it from the registry and run the workflow again",
            ) from error


if __name__ == "__main__":
    sys.exit(runner.standalone(verify_image))
