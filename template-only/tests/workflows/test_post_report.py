"""The comment of a pull request: made once, then updated in place, by CML and by the GitHub CLI."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from workflows.needs import needs_gh

ROOT = Path(__file__).parents[3]
SCRIPT = ROOT / "scripts/post-report"
MARKER = "<!-- merge-lane: report -->"
WATERMARK = '![](https://cml.dev/watermark.png#0123abc "CML watermark merge-lane")'
# The real CML where somebody has unpacked its source, such as CML_SOURCE=~/cml with its packages installed.
CML_SOURCE = os.environ.get("CML_SOURCE")
# A double of CML for everywhere else: it records how it is called, and posts as CML does.
CML_DOUBLE = """\
#!{python}
import json, os, pathlib, ssl, sys, urllib.request
pathlib.Path(os.environ["DOUBLE_LOG"]).write_text(json.dumps([sys.argv[1:], dict(os.environ)]))
if os.environ.get("DOUBLE_FAILS"):
    sys.exit(1)
body = pathlib.Path(sys.argv[-1]).read_text() + "\\n\\n" + '{watermark}'
def call(method, path, value=None):
    url = os.environ["GITHUB_API_URL"] + "/repos/owner/name/issues/" + path
    data = json.dumps(value).encode() if value else None
    head = {{"Authorization": "token " + os.environ["REPO_TOKEN"]}}
    return json.load(urllib.request.urlopen(urllib.request.Request(url, data, head, method=method)))
old = [c for c in call("GET", "7/comments") if "CML watermark merge-lane" in c["body"]]
method, path = ("PATCH", f"comments/{{old[-1]['id']}}") if old else ("POST", "7/comments")
call(method, path, {{"body": body}})
"""


@pytest.fixture
def desk(github, tmp_path):
    """Post with or without CML; return the finished process."""
    report = tmp_path / "report.md"

    def post(text: str, *, cml: Path | None = None, **env: str) -> subprocess.CompletedProcess[str]:
        report.write_text(text)
        home = {
            "HOME": str(tmp_path),
            "DOUBLE_LOG": str(tmp_path / "cml.json"),
            "GH_CONFIG_DIR": str(tmp_path),
        }
        path = f"{cml.parent}:{os.environ['PATH']}" if cml else os.environ["PATH"]
        target = {"REPOSITORY": "owner/name", "PULL_REQUEST": "7", "PATH": path}
        return subprocess.run(
            [str(SCRIPT), str(report)],
            env={
                **os.environ,
                "DOUBLE_LOG": str(tmp_path / "cml.json"),
                **github.environment(),
                **home,
                **target,
                **env,
            },
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    return post


@pytest.fixture
def cml_double(tmp_path):
    path = tmp_path / "bin" / "cml"
    path.parent.mkdir()
    path.write_text(CML_DOUBLE.format(python=sys.executable, watermark=WATERMARK))
    path.chmod(0o755)
    return path


@pytest.fixture
def cml_real(tmp_path):
    if not CML_SOURCE or not shutil.which("node"):
        pytest.skip("set CML_SOURCE to an unpacked CML 0.20.6 with its packages; it needs node")
    path = tmp_path / "bin" / "cml"
    path.parent.mkdir()
    path.write_text(f'#!/bin/sh\nexec node {CML_SOURCE}/bin/cml.js "$@"\n')
    path.chmod(0o755)
    return path


@needs_gh
def test_the_cli_makes_one_comment_and_updates_it_in_place(github, desk):
    for other in ("first", "second", "third"):  # more than one page of them
        github.add_comment(f"{other}: looks good", author="somebody")
    first, second = desk("# Blocked"), desk("# Pass")
    assert (first.returncode, second.returncode) == (0, 0), first.stderr + second.stderr
    assert [c["body"] for c in github.comments[3:]] == [f"{MARKER}\n\n# Pass"]
    assert first.stdout == second.stdout == f"{github.url}/owner/name/pull/7#issuecomment-4\n"


@needs_gh
@pytest.mark.parametrize("cml", ["cml_double", "cml_real"])
def test_cml_makes_one_comment_and_updates_it_in_place(github, desk, cml, request):
    binary = request.getfixturevalue(cml)
    first, second = desk("# Blocked", cml=binary), desk("# Pass", cml=binary)
    assert (first.returncode, second.returncode) == (0, 0), first.stderr + second.stderr
    assert len(github.comments) == 1
    assert github.comments[0]["body"].startswith(f"{MARKER}\n\n# Pass")
    assert "CML watermark merge-lane" in github.comments[0]["body"], first.stderr


@needs_gh
def test_cml_publishes_nothing_tracks_nothing_and_has_a_home_of_its_own(desk, cml_double, tmp_path):
    assert desk("# Pass", cml=cml_double).returncode == 0
    argv, env = json.loads((tmp_path / "cml.json").read_text())
    assert argv[:3] == ["comment", "update", "--publish=false"]
    assert "--target=pr/7" in argv
    assert env["ITERATIVE_DO_NOT_TRACK"] == "1"
    assert env["GITHUB_SHA"]  # without it the real CML never finds its comment again
    assert env["HOME"] != str(tmp_path)
    assert not any("test-token" in argument for argument in argv)


@needs_gh
def test_the_cli_takes_over_when_cml_fails(github, desk, cml_double):
    done = desk("# Pass", cml=cml_double, DOUBLE_FAILS="1")
    assert done.returncode == 0
    assert "the GitHub CLI takes over" in done.stderr
    assert [c["body"] for c in github.comments] == [f"{MARKER}\n\n# Pass"]


@needs_gh
def test_a_comment_that_the_cli_made_is_not_doubled_by_cml(github, desk, cml_double):
    desk("# Blocked")
    desk("# Pass", cml=cml_double)
    assert [c["body"] for c in github.comments] == [f"{MARKER}\n\n# Pass"]


@needs_gh
def test_somebody_elses_comment_with_our_marker_is_left_alone(github, desk, cml_double):
    """Its author could edit the verdict afterwards."""
    bait = github.add_comment(f"{MARKER}\n\nbait\n\n{WATERMARK}", author="somebody")["body"]
    assert desk("# Blocked", cml=cml_double).returncode == 0
    assert [c["body"] for c in github.comments] == [bait, f"{MARKER}\n\n# Blocked"]


def test_a_report_that_github_would_refuse_is_not_sent(github, desk):
    done = desk("x" * 65_001)
    assert done.returncode == 2
    assert "65001 characters" in done.stderr
    assert github.requests == []


def test_a_report_at_the_limit_counts_characters_and_not_bytes(desk):
    assert "characters, GitHub takes" not in desk("→" * 65_000).stderr


def test_an_empty_report_is_not_sent(github, desk):
    assert desk("").returncode == 2
    assert github.requests == []


@pytest.mark.parametrize(("name", "value"), [("PULL_REQUEST", "7; id"), ("REPOSITORY", "owner/name/../x")])
def test_an_odd_number_or_repository_is_refused(github, desk, name, value):
    assert desk("# Pass", **{name: value}).returncode == 2
    assert github.requests == []


@needs_gh
def test_a_server_that_is_down_is_an_error_of_its_own(github, desk):
    github.down = True
    done = desk("# Pass")
    assert done.returncode == 41
    assert "pull-requests: write" in done.stderr


def fetch_cml(github, cwd: Path, **env: str) -> subprocess.CompletedProcess[str]:
    github.files["/files/cml"] = b"#!/bin/sh\necho 0.20.6\n"
    settings = {**github.environment(), "CML_URL": f"{github.url}/files/cml", **env}
    return subprocess.run(
        [str(ROOT / "scripts/fetch-cml")],
        cwd=cwd,
        env={**os.environ, **settings},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_the_binary_of_cml_is_fetched_and_its_sum_is_shown(github, tmp_path):
    done = fetch_cml(github, tmp_path)
    assert done.returncode == 0, done.stderr
    assert "unverified" in done.stderr
    sum_shown = done.stderr.split()[-1]
    assert subprocess.check_output([str(tmp_path / "tmp/bin/cml")], text=True) == "0.20.6\n"
    assert fetch_cml(github, tmp_path, CML_SHA256=sum_shown).stderr == ""


def test_a_binary_with_another_sum_is_not_used(github, tmp_path):
    done = fetch_cml(github, tmp_path, CML_SHA256="0" * 64)
    assert done.returncode == 1
    assert "it is not used" in done.stderr
    assert not list((tmp_path / "tmp/bin").iterdir())
