"""Download CML's released binary into tmp/bin. Where it fails, post-report uses the GitHub CLI.

CML_SHA256, when set, must match: run this once without it and make what it prints a repository variable.
Standard library only.
"""

from __future__ import annotations

import hashlib
import http.client
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

from merge_lane.errors import GitHubError
from merge_lane.forge import runner

VERSION = "0.20.6"  # 2024-10, the last release; the project is in maintenance
URL = f"https://github.com/iterative/cml/releases/download/v{VERSION}/cml-linux-x64"
CML = Path("tmp/bin/cml")
TRIES = 3
PAUSE_SECONDS = 1.0  # before the second try; twice that before the third
SECONDS = 120  # for one try
CHUNK_BYTES = 1 << 20
PASSING = (408, 429, 500, 502, 503, 504)  # answers that may be another the next time


class OnlyHttps(urllib.request.HTTPRedirectHandler):
    """Follows a redirect only to an address that is encrypted."""

    def redirect_request(  # noqa: PLR0917 - urllib's signature
        self, req: Any, fp: Any, code: Any, msg: Any, headers: Any, newurl: str
    ) -> Any:
        """Return the next request. Raises URLError for a redirect to anything but https."""
        if not newurl.startswith("https://"):
            raise urllib.error.URLError(f"a redirect to {newurl}, which is not https")
        return super().redirect_request(req, fp, code, msg, headers, newurl)


def fetch_cml() -> None:
    """Download CML's released binary into tmp/bin.

    Reads CML_SHA256, its hash, and CML_URL, another address. Exit code 41: the binary is not available, or
    has another hash.
    """
    url, expected = runner.optional("CML_URL", URL), runner.optional("CML_SHA256")
    if not url.startswith("https://"):
        raise runner.InputError(f"CML_URL is not an https address: {url!r}.", next="set it to https://…")
    part = CML.with_name("cml.part")
    part.parent.mkdir(parents=True, exist_ok=True)
    CML.unlink(missing_ok=True)
    try:
        found = download(url, part)
        if expected and found != expected:
            raise GitHubError(
                f"fetch-cml: the binary has the SHA-256 {found}, CML_SHA256 is {expected}: it is not used",
                where=url,
                next="find out who changed the release before you change CML_SHA256",
            )
        part.chmod(0o755)
        part.replace(CML)
    finally:
        part.unlink(missing_ok=True)
    if not expected:
        note = "fetch-cml: unverified; to pin it, set the repository variable CML_SHA256 to"
        print(f"{note} {found}", file=sys.stderr)


def download(url: str, target: Path) -> str:
    """Download a file, again where the failure may pass, and return its SHA-256. Raises GitHubError."""
    for trial in range(1, TRIES + 1):
        try:
            return _download(url, target)
        except (OSError, http.client.HTTPException) as error:
            final = isinstance(error, urllib.error.HTTPError) and error.code not in PASSING
            if final or trial == TRIES:
                reason = f"fetch-cml: the binary is not available: {error}"
                raise GitHubError(reason, where=url, next="repeat the step later") from error
        time.sleep(trial * PAUSE_SECONDS)
    raise AssertionError("the last try returns or raises")


def _download(url: str, target: Path) -> str:
    state, end = hashlib.sha256(), time.monotonic() + SECONDS
    opener = urllib.request.build_opener(OnlyHttps)
    with opener.open(url, timeout=SECONDS) as answer, target.open("wb") as stream:
        while chunk := answer.read(CHUNK_BYTES):
            state.update(chunk)
            stream.write(chunk)
            if time.monotonic() > end:
                raise TimeoutError(f"not complete after {SECONDS} s")
    return state.hexdigest()


if __name__ == "__main__":
    sys.exit(runner.standalone(fetch_cml))
