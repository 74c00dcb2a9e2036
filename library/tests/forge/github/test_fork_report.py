"""The report of a fork: what the fork made is data, where it goes is GitHub's word."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[3] / "scripts/fork_report.py"
SHA = "a" * 40


def zipped(**members: str) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as bundle:
        for name, text in members.items():
            bundle.writestr(name.replace("_DOT_", ".").replace("__", "/"), text)
    return buffer.getvalue()


@pytest.fixture
def fetch(github, tmp_path):
    """Run the script for the event of a fork's finished run."""
    github.pulls = [{"number": 7, "label": "fork:patch-1", "head": {"sha": SHA}}]
    run = {
        "id": 5,
        "head_sha": SHA,
        "head_branch": "patch-1",
        "head_repository": {"owner": {"login": "fork"}},
    }
    event = tmp_path / "event.json"
    output, report = tmp_path / "output", tmp_path / "out" / "report.md"

    def go(**changes: str) -> tuple[subprocess.CompletedProcess[str], str, str | None]:
        event.write_text(json.dumps({"workflow_run": {**run, **changes}}))
        settings = {"REPOSITORY": "owner/name", "GITHUB_EVENT_PATH": str(event), "GITHUB_OUTPUT": str(output)}
        done = subprocess.run(
            [sys.executable, str(SCRIPT), str(report)],
            env={**os.environ, **github.environment(), **settings},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        return (
            done,
            output.read_text() if output.exists() else "",
            report.read_text() if report.exists() else None,
        )

    return go


def test_the_report_is_fetched_for_the_pull_request_that_github_names(github, fetch):
    github.artifacts = {"report": zipped(report_DOT_md="# Pass\n", pull_request="99")}
    done, output, report = fetch()
    assert done.returncode == 0, done.stderr
    assert output == "pull-request=7\n"
    assert report.startswith("> **From a fork.**")
    assert report.endswith("# Pass\n")


def test_the_token_is_not_sent_to_where_the_download_redirects(github, fetch):
    github.artifacts = {"report": zipped(report_DOT_md="# Pass")}
    fetch()
    sent = [headers.get("Authorization") for _, path, headers in github.requests if path == "/files/zip"]
    assert sent == [None]


@pytest.mark.parametrize("changes", [{"head_sha": "b" * 40}, {"head_branch": "patch-2"}])
def test_a_pull_request_that_moved_on_gets_no_report(github, fetch, changes):
    github.artifacts = {"report": zipped(report_DOT_md="# Pass")}
    done, output, report = fetch(**changes)
    assert (done.returncode, output, report) == (0, "pull-request=\n", None)


def test_a_run_without_a_report_posts_nothing(fetch):
    done, output, report = fetch()
    assert (done.returncode, output, report) == (0, "pull-request=\n", None)


def test_two_pull_requests_with_one_head_are_refused(github, fetch):
    github.pulls *= 2
    done, output, _ = fetch()
    assert (done.returncode, output) == (1, "")
    assert "2 open pull requests" in done.stderr


def test_a_bomb_is_cut(github, fetch):
    github.artifacts = {"report": zipped(report_DOT_md="x" * 50_000_000)}
    _, _, report = fetch()
    assert len(report) < 61_000
    assert report.endswith("(cut: the report is longer)")


def test_an_archive_above_the_limit_is_not_downloaded(github, fetch):
    github.artifacts = {"report": bytes(21 << 20)}
    done, _, _ = fetch()
    assert done.returncode == 1
    assert "larger than" in done.stderr
    assert not any("zip" in path for _, path, _ in github.requests)


@pytest.mark.parametrize(
    "data", [b"no archive", zipped(other_DOT_md="x"), zipped(**{"___DOT__DOT___report_DOT_md": "x"})]
)
def test_an_archive_without_the_one_known_file_is_refused(github, fetch, data):
    github.artifacts = {"report": data}
    done, _, report = fetch()
    assert (done.returncode, report) == (1, None)


def test_mentions_ring_no_bell_and_nothing_is_shown_in_another_order(github, fetch):
    github.artifacts = {"report": zipped(report_DOT_md="cc @team/owners \u202eevil\x00 a@b.c")}
    _, _, report = fetch()
    assert report.endswith("cc @\u200bteam/owners evil a@\u200bb.c")
