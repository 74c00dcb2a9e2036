"""Post a Markdown file as THE comment of a pull request: created once, then updated in place.

CML posts where it is installed, the GitHub CLI otherwise. CML finds its comment by a watermark that anyone
can write into a comment of their own. So where the CLI made a comment, or somebody else wrote our marker, the
CLI posts: it asks GitHub who wrote what. Standard library only.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from merge_lane.errors import GitHubError
from merge_lane.forge import runner
from merge_lane.forge.github import workflow
from merge_lane.forge.github.fetch_cml import CML

if TYPE_CHECKING:
    from merge_lane.forge.github.client import Client

REPORT = "reports/review/report.md"
MARKER = "<!-- merge-lane: report -->"
WATERMARK = "CML watermark"
TITLE = "merge-lane"
LIMIT = 65_000  # characters; GitHub takes 65,536, and the marker and CML's watermark need some
COMMENTS = """
query($owner: String!, $name: String!, $number: Int!, $endCursor: String) {
  repository(owner: $owner, name: $name) { pullRequest(number: $number) {
    comments(first: 100, after: $endCursor) {
      pageInfo { hasNextPage endCursor } nodes { id viewerDidAuthor body } } } } }
"""
UPDATE = """
mutation($id: ID!, $body: String!) {
  updateIssueComment(input: {id: $id, body: $body}) { issueComment { url } } }
"""


@dataclass(frozen=True)
class Comment:
    """A comment that carries the marker: is it ours, and did CML write it?"""

    id: str
    ours: bool
    by_cml: bool


def post_report() -> None:
    """Post a Markdown file as the one comment of a pull request, and print its address.

    Reads REPOSITORY (owner/name), PULL_REQUEST (its number), GH_TOKEN and REPORT, the file. Exit code 41:
    GitHub refused.
    """
    client, number = workflow.client(), workflow.pull_request()
    body = f"{MARKER}\n\n{read(Path(runner.optional('REPORT', REPORT)))}"
    cml = shutil.which("cml", path=f"{CML.parent.resolve()}{os.pathsep}{os.environ.get('PATH', os.defpath)}")
    if cml is not None and cml_may_post(client, number):
        if post_with_cml(cml, client, number, body):
            return
        print("post-report: CML failed, the GitHub CLI takes over", file=sys.stderr)
    if shutil.which("gh") is None:
        raise runner.InputError("Neither cml nor gh is on PATH.", next="install gh: cli.github.com")
    print(post_with_gh(client, number, body))


def read(report: Path) -> str:
    """Return the report. Raises InputError where it is missing, empty or longer than GitHub takes."""
    text = report.read_text(encoding="utf-8", errors="replace") if report.is_file() else ""
    if not text:
        raise runner.InputError(f"{report} is missing or empty.", next="make it with `make report`")
    if len(text) > LIMIT:
        raise runner.InputError(
            f"{report} has {len(text)} characters, GitHub takes 65,536.", next="shorten the report"
        )
    return text


def comments(client: Client, number: int) -> list[Comment]:
    """Return every comment that carries the marker, oldest first."""
    owner, _, name = client.repository.partition("/")
    marked: list[Comment] = []
    cursor = None
    while True:
        data = client.graphql(COMMENTS, owner=owner, name=name, number=number, endCursor=cursor)
        page = data["repository"]["pullRequest"]["comments"]
        marked += [
            Comment(node["id"], node["viewerDidAuthor"], WATERMARK in node["body"])
            for node in page["nodes"]
            if MARKER in node["body"]
        ]
        if not page["pageInfo"]["hasNextPage"]:
            return marked
        cursor = page["pageInfo"]["endCursor"]


def cml_may_post(client: Client, number: int) -> bool:
    """Return False where the CLI made a comment, or somebody else wrote the marker; True without the CLI."""
    if shutil.which("gh") is None:
        return True
    try:
        return all(comment.ours and comment.by_cml for comment in comments(client, number))
    except GitHubError:
        return False  # the CLI posts, and reports why GitHub refuses


def post_with_gh(client: Client, number: int, body: str) -> str:
    """Update our newest comment, or make one; return its address. Raises GitHubError."""
    try:
        ours = [comment.id for comment in comments(client, number) if comment.ours]
        if ours:
            answer = client.graphql(UPDATE, id=ours[-1], body=body)
            return str(answer["updateIssueComment"]["issueComment"]["url"])
        return str(client.send("POST", f"issues/{number}/comments", {"body": body})["html_url"])
    except GitHubError as error:
        permission = f"the token needs pull-requests: write on {client.repository}"
        raise GitHubError(error.what, where=error.where, next=permission) from error


def post_with_cml(cml: str, client: Client, number: int, body: str) -> bool:
    """Let CML make or update its comment; False where it fails.

    CML has a home of its own, because it writes `safe.directory = *` into the global git configuration.
    `--publish` would upload every linked local file, models included, to a public host.
    """
    target = ["--driver=github", f"--repo={workflow.server()}/{client.repository}", f"--target=pr/{number}"]
    options = ["--publish=false", f"--watermark-title={TITLE}", *target]
    variables = {
        "GITHUB_SHA": commit(),
        "ITERATIVE_DO_NOT_TRACK": "1",
        "REPO_TOKEN": runner.required("GH_TOKEN", "a token"),
    }
    with tempfile.TemporaryDirectory() as scratch:
        Path(scratch, "body.md").write_text(body, encoding="utf-8")
        command = [cml, "comment", "update", *options, "body.md"]
        environment = {**os.environ, **variables, "HOME": scratch}
        return subprocess.run(command, cwd=scratch, env=environment, check=False).returncode == 0


def commit() -> str:
    """Return the commit for CML's watermark: without one CML makes another comment each time."""
    head = ["git", "rev-parse", "HEAD"]
    return runner.optional("GITHUB_SHA") or _output(head) or "0"


def _output(command: list[str]) -> str:
    return subprocess.run(command, capture_output=True, text=True, check=False).stdout.strip()


if __name__ == "__main__":
    sys.exit(runner.standalone(post_report))
