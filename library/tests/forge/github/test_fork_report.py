"""The report of a fork: what the fork made is data, and GitHub says where it goes."""

from __future__ import annotations

import io
import json
import zipfile
from typing import TYPE_CHECKING

import pytest
from forge import standalone

if TYPE_CHECKING:
    import subprocess

SHA = "a" * 40


def zipped(**members: str) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as bundle:
        for name, text in members.items():
            bundle.writestr(name.replace("_DOT_", ".").replace("__", "/"), text)
    return buffer.getvalue()


@pytest.fixture
def fetch(github, tmp_path):
    """Run the step for the event of a fork's finished run."""
    github.pulls = [{"number": 7, "label": "fork:patch-1", "head": {"sha": SHA}}]
    run = {
        "id": 5,
        "head_sha": SHA,
        "head_branch": "patch-1",
        "head_repository": {"owner": {"login": "fork"}},
    }
    files = {name: tmp_path / name for name in ("event.json", "output", "out/report.md")}
    event, output, report = files.values()
    variables = {
        **github.environment(),
        "GITHUB_EVENT_PATH": str(event),
        "GITHUB_OUTPUT": str(output),
        "REPORT": str(report),
        "REPOSITORY": "owner/name",
    }

    def go(**changes: str) -> tuple[subprocess.CompletedProcess[str], str, str | None]:
        event.write_text(json.dumps({"workflow_run": {**run, **changes}}))
        result = standalone.run("github.fork_report", tmp_path, variables)
        texts = [path.read_text() if path.exists() else None for path in (output, report)]
        return result, texts[0] or "", texts[1]

    return go


def test_report_is_fetched(github, fetch):
    """The report goes to the pull request that GitHub names, not the one that the artefact names."""
    github.artifacts = {"report": zipped(report_DOT_md="# Pass\n", pull_request="99")}
    result, output, report = fetch()
    assert result.returncode == 0, result.stderr
    assert output == "pull-request=7\n"
    assert report.startswith("> **From a fork.**")
    assert report.endswith("# Pass\n")


def test_token_is_not_redirected(github, fetch):
    """The token is not sent to the address that a download is redirected to."""
    github.artifacts = {"report": zipped(report_DOT_md="# Pass")}
    fetch()
    sent = [headers.get("Authorization") for _, path, headers in github.requests if path == "/files/zip"]
    assert sent == [None]


@pytest.mark.parametrize("changes", [{"head_sha": "b" * 40}, {"head_branch": "patch-2"}])
def test_moved_pull_request_gets_no_report(github, fetch, changes):
    """A pull request that has another head by now gets no report of the old one."""
    github.artifacts = {"report": zipped(report_DOT_md="# Pass")}
    result, output, report = fetch(**changes)
    assert (result.returncode, output, report) == (0, "pull-request=\n", None)


def test_missing_report_posts_nothing(fetch):
    """A run that made no report is no failure."""
    result, output, report = fetch()
    assert (result.returncode, output, report) == (0, "pull-request=\n", None)


def test_ambiguous_head_is_refused(github, fetch):
    """Two open pull requests with one head: nobody knows which one was meant."""
    github.pulls *= 2
    result, output, _ = fetch()
    assert (result.returncode, output) == (41, "")
    assert "2 open pull requests" in result.stderr


def test_server_that_is_down_is_refused(github, fetch):
    """A GitHub that does not answer ends the step without a traceback and without an output."""
    github.down = True
    result, output, report = fetch()
    assert (result.returncode, output, report) == (41, "", None)
    assert "Traceback" not in result.stderr


def test_bomb_is_cut(github, fetch):
    """A report of 50 MB is read up to the limit."""
    github.artifacts = {"report": zipped(report_DOT_md="x" * 50_000_000)}
    _, _, report = fetch()
    assert len(report) < 61_000
    assert report.endswith("(cut: the report is longer)")


def test_large_archive_is_not_downloaded(github, fetch):
    """GitHub says how large the archive is."""
    github.artifacts = {"report": bytes(21 << 20)}
    result, _, _ = fetch()
    assert result.returncode == 41
    assert "larger than" in result.stderr
    assert not any("zip" in path for _, path, _ in github.requests)


@pytest.mark.parametrize(
    "data", [b"no archive", zipped(other_DOT_md="x"), zipped(**{"___DOT__DOT___report_DOT_md": "x"})]
)
def test_archive_without_the_file_is_refused(github, fetch, data):
    """Only the one known file of an archive is read."""
    github.artifacts = {"report": data}
    result, _, report = fetch()
    assert (result.returncode, report) == (41, None)


def test_text_is_defused(github, fetch):
    """Mentions notify nobody, and nothing is shown in another order."""
    github.artifacts = {"report": zipped(report_DOT_md="cc @team/owners \u202eevil\x00 a@b.c")}
    _, _, report = fetch()
    assert report.endswith("cc @\u200bteam/owners evil a@\u200bb.c")
