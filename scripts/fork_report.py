"""Fetch the report that a fork's run uploaded, and find out which pull request it belongs to.

Runs in a job that can write comments, so what the fork made is only data: the number of the pull request is
GitHub's word, not the artefact's; of the artefact one file is read, up to a limit; mentions ring no bell.
Standard library only: the job installs nothing.
"""

from __future__ import annotations

import io
import json
import os
import re
import sys
import urllib.error
import urllib.parse
import urllib.request
import zipfile
from pathlib import Path
from typing import Any

ARTEFACT, MEMBER = "report", "report.md"
MAX_ZIP_BYTES = 20 << 20  # report.html with its plots lies in the same archive
MAX_REPORT_CHARACTERS = 60_000
TIMEOUT_SECONDS = 30
NOTE = (
    "> **From a fork.** This text was made by code of this pull request that nobody has reviewed yet, "
    "and is shown as it came.\n\n"
)
# Characters that show text in another order than it has, and those that no Markdown needs.
INVISIBLE = re.compile("[\x00-\x08\x0b-\x1f\x7f\u200e\u200f\u202a-\u202e\u2066-\u2069]")
MENTION = re.compile(r"@(?=[A-Za-z0-9])")


class RefusedError(Exception):
    """What GitHub or the artefact says is not what is expected: nothing is posted."""


def fetch(path: str, limit: int, **query: str) -> bytes:
    """Return an answer of the API, at most `limit` bytes. The token does not follow a redirect."""
    url = f"{os.environ['GITHUB_API_URL']}/{path}?{urllib.parse.urlencode(query)}"
    request = urllib.request.Request(url)  # noqa: S310 - https
    request.add_header("Accept", "application/vnd.github+json")
    request.add_unredirected_header("Authorization", f"Bearer {os.environ['GH_TOKEN']}")
    with urllib.request.urlopen(request, timeout=TIMEOUT_SECONDS) as answer:  # noqa: S310 - https
        data: bytes = answer.read(limit + 1)
    if len(data) > limit:
        raise RefusedError(f"{path}: more than {limit} bytes")
    return data


def pull_request(run: dict[str, Any], repository: str) -> int | None:
    """Return the open pull request whose head is what the run tested; None when it has moved on."""
    head = f"{run['head_repository']['owner']['login']}:{run['head_branch']}"
    answer = json.loads(fetch(f"repos/{repository}/pulls", 8 << 20, state="open", head=head, per_page="100"))
    numbers = [pull["number"] for pull in answer if pull["head"]["sha"] == run["head_sha"]]
    if len(numbers) > 1:
        raise RefusedError(f"{len(numbers)} open pull requests have the head {run['head_sha']}")
    return numbers[0] if numbers else None


def archive(run: dict[str, Any], repository: str) -> bytes | None:
    """Return the zipped report of the run; None when it made none."""
    listed = json.loads(
        fetch(f"repos/{repository}/actions/runs/{int(run['id'])}/artifacts", 8 << 20, name=ARTEFACT)
    )
    found = [item for item in listed["artifacts"] if item["name"] == ARTEFACT and not item["expired"]]
    if not found:
        return None
    if found[0]["size_in_bytes"] > MAX_ZIP_BYTES:
        raise RefusedError(f"the artefact is larger than {MAX_ZIP_BYTES} bytes")
    return fetch(f"repos/{repository}/actions/artifacts/{int(found[0]['id'])}/zip", MAX_ZIP_BYTES)


def read_report(data: bytes) -> str:
    """Return report.md out of the archive, cut at the limit; no path of the archive is ever written to."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as bundle, bundle.open(MEMBER) as stream:
            text = stream.read(4 * MAX_REPORT_CHARACTERS).decode("utf-8", errors="replace")
    except (zipfile.BadZipFile, KeyError, RuntimeError, NotImplementedError) as error:
        raise RefusedError(f"no readable {MEMBER} in the artefact: {error}") from error
    if len(text) > MAX_REPORT_CHARACTERS:
        text = text[:MAX_REPORT_CHARACTERS] + "\n\n(cut: the report is longer)"
    return text


def defuse(text: str) -> str:
    """Return the text with a note on top; it notifies nobody and hides nothing."""
    return NOTE + MENTION.sub("@\u200b", INVISIBLE.sub("", text))


def main() -> int:
    """Write the report and the number of the pull request; no number means that there is nothing to post."""
    run = json.loads(Path(os.environ["GITHUB_EVENT_PATH"]).read_text(encoding="utf-8"))["workflow_run"]
    repository, target = os.environ["REPOSITORY"], Path(sys.argv[1])
    try:
        number = pull_request(run, repository)
        data = archive(run, repository) if number else None
        if data:
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(defuse(read_report(data)), encoding="utf-8")
    except (RefusedError, urllib.error.URLError, KeyError, ValueError) as error:
        print(f"fork-report: refused: {error}", file=sys.stderr)
        return 1
    with Path(os.environ["GITHUB_OUTPUT"]).open("a", encoding="utf-8") as stream:
        stream.write(f"pull-request={number if data else ''}\n")
    print(f"fork-report: pull request {number}" if data else "fork-report: nothing to post")
    return 0


if __name__ == "__main__":
    sys.exit(main())
