"""Download the report that a fork's run uploaded, and find the pull request that it belongs to.

This runs in a job that can write comments, so whatever the fork made is only data: GitHub, not the artefact,
names the pull request; one file of the artefact is read, up to a limit; mentions notify nobody. Standard
library only.
"""

from __future__ import annotations

import io
import json
import re
import sys
import urllib.error
import urllib.parse
import urllib.request
import zipfile
from pathlib import Path
from typing import Any

from merge_lane.errors import GitHubError
from merge_lane.forge import runner
from merge_lane.forge.github.post_report import REPORT

ARTEFACT, MEMBER = "report", "report.md"
MAX_JSON_BYTES = 8 << 20
MAX_ZIP_BYTES = 20 << 20  # report.html with its plots is in the same archive
MAX_REPORT_CHARACTERS = 60_000
TIMEOUT_SECONDS = 30
NOTE = (
    "> **From a fork.** This text was made by code of this pull request that nobody has reviewed yet, "
    "and is shown as it came.\n\n"
)
# Characters that show text in another order than it has, and those that no Markdown needs.
INVISIBLE = re.compile("[\x00-\x08\x0b-\x1f\x7f\u200e\u200f\u202a-\u202e\u2066-\u2069]")
MENTION = re.compile(r"@(?=[A-Za-z0-9])")


class RefusedError(GitHubError):
    """GitHub's answer or the artefact is not what is expected: nothing is posted."""

    def __init__(self, reason: str) -> None:
        super().__init__(f"fork-report: refused: {reason}", next="read the log of the fork's run")


def fork_report() -> None:
    """Write the report of a fork's run to a file, and set the output `pull-request`, empty without a report.

    Reads GITHUB_EVENT_PATH, GITHUB_API_URL, GH_TOKEN, REPOSITORY (owner/name) and REPORT, the file to write.
    Exit code 41: GitHub's answer or the artefact is not what is expected.
    """
    event = Path(runner.required("GITHUB_EVENT_PATH", "the file with the event"))
    repository = runner.required("REPOSITORY", "owner/name")
    try:
        number, text = fetch(json.loads(event.read_text(encoding="utf-8"))["workflow_run"], repository)
    except (urllib.error.URLError, KeyError, ValueError) as error:
        raise RefusedError(str(error)) from error
    if text is not None:
        target = Path(runner.optional("REPORT", REPORT))
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, encoding="utf-8")
    runner.write_outputs(**{"pull-request": str(number) if text is not None else ""})
    print("fork-report: " + (f"pull request {number}" if text is not None else "nothing to post"))


def fetch(run: dict[str, Any], repository: str) -> tuple[int | None, str | None]:
    """Return the pull request that the run tested, and its report; None for what does not exist."""
    number = pull_request(run, repository)
    data = archive(run, repository) if number else None
    return number, defuse(read_report(data)) if data else None


def pull_request(run: dict[str, Any], repository: str) -> int | None:
    """Return the open pull request whose head is what the run tested; None when it has moved on."""
    head = f"{run['head_repository']['owner']['login']}:{run['head_branch']}"
    answer = json.loads(call(f"repos/{repository}/pulls", state="open", head=head, per_page="100"))
    numbers: list[int] = [pull["number"] for pull in answer if pull["head"]["sha"] == run["head_sha"]]
    if len(numbers) > 1:
        raise RefusedError(f"{len(numbers)} open pull requests have the head {run['head_sha']}")
    return numbers[0] if numbers else None


def archive(run: dict[str, Any], repository: str) -> bytes | None:
    """Return the zipped report of the run; None when it made none."""
    answer = json.loads(call(f"repos/{repository}/actions/runs/{int(run['id'])}/artifacts", name=ARTEFACT))
    reports = [item for item in answer["artifacts"] if item["name"] == ARTEFACT and not item["expired"]]
    if not reports:
        return None
    if reports[0]["size_in_bytes"] > MAX_ZIP_BYTES:
        raise RefusedError(f"the artefact is larger than {MAX_ZIP_BYTES} bytes")
    return call(f"repos/{repository}/actions/artifacts/{int(reports[0]['id'])}/zip", limit=MAX_ZIP_BYTES)


def call(path: str, *, limit: int = MAX_JSON_BYTES, **query: str) -> bytes:
    """Return an answer of the API, at most `limit` bytes. The token does not follow a redirect."""
    api = runner.required("GITHUB_API_URL", "the address of GitHub's API")
    request = urllib.request.Request(f"{api}/{path}?{urllib.parse.urlencode(query)}")  # noqa: S310 - https
    request.add_header("Accept", "application/vnd.github+json")
    token = runner.required("GH_TOKEN", "a token with actions: read")
    request.add_unredirected_header("Authorization", f"Bearer {token}")
    with urllib.request.urlopen(request, timeout=TIMEOUT_SECONDS) as answer:  # noqa: S310 - https
        data: bytes = answer.read(limit + 1)
    if len(data) > limit:
        raise RefusedError(f"{path}: more than {limit} bytes")
    return data


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


if __name__ == "__main__":
    sys.exit(runner.standalone(fork_report))
