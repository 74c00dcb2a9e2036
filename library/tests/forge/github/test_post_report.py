"""The comment of a pull request: created once, then updated in place, by CML or by the GitHub CLI."""

from __future__ import annotations

import json
import os
import shutil
import sys
from typing import TYPE_CHECKING

import pytest
from forge import standalone
from forge.github.hub import needs_gh

if TYPE_CHECKING:
    import subprocess
    from pathlib import Path

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
def post(github, tmp_path):
    """Post a text with or without CML; return the finished process."""
    report = tmp_path / "report.md"

    def go(text: str, *, cml: Path | None = None, **changes: str) -> subprocess.CompletedProcess[str]:
        report.write_text(text)
        path = f"{cml.parent}:{os.environ['PATH']}" if cml else os.environ["PATH"]
        variables = {
            **github.environment(),
            "DOUBLE_LOG": str(tmp_path / "cml.json"),
            "GH_CONFIG_DIR": str(tmp_path),
            "HOME": str(tmp_path),
            "PATH": path,
            "PULL_REQUEST": "7",
            "REPORT": str(report),
            "REPOSITORY": "owner/name",
        }
        return standalone.run("github.post_report", tmp_path, {**variables, **changes})

    return go


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
def test_cli_updates_its_comment(github, post):
    """The CLI creates one comment and then updates it, also where there are pages of other comments."""
    for other in ("first", "second", "third"):
        github.add_comment(f"{other}: looks good", author="somebody")
    first, second = post("# Blocked"), post("# Pass")
    assert (first.returncode, second.returncode) == (0, 0), first.stderr + second.stderr
    assert [c["body"] for c in github.comments[3:]] == [f"{MARKER}\n\n# Pass"]
    assert first.stdout == second.stdout == f"{github.url}/owner/name/pull/7#issuecomment-4\n"


@needs_gh
def test_comment_on_a_later_page_is_updated(github, post):
    """Our comment is found behind the comments of others."""
    post("# Blocked")
    github.comments = [*(github.add_comment("fine", author="somebody") for _ in range(4)), github.comments[0]]
    assert post("# Pass").returncode == 0
    assert [c["body"] for c in github.comments[4:]] == [f"{MARKER}\n\n# Pass"]


@needs_gh
@pytest.mark.parametrize("cml", ["cml_double", "cml_real"])
def test_cml_updates_its_comment(github, post, cml, request):
    """CML creates one comment and then updates it."""
    binary = request.getfixturevalue(cml)
    first, second = post("# Blocked", cml=binary), post("# Pass", cml=binary)
    assert (first.returncode, second.returncode) == (0, 0), first.stderr + second.stderr
    assert len(github.comments) == 1
    assert github.comments[0]["body"].startswith(f"{MARKER}\n\n# Pass")
    assert "CML watermark merge-lane" in github.comments[0]["body"], first.stderr


@needs_gh
def test_cml_of_the_project_is_used(github, post, cml_double, tmp_path):
    """What fetch-cml left in tmp/bin needs no place on PATH."""
    (tmp_path / "tmp").mkdir()
    cml_double.parent.rename(tmp_path / "tmp/bin")
    assert post("# Pass").returncode == 0
    assert "CML watermark merge-lane" in github.comments[0]["body"]


@needs_gh
def test_cml_is_confined(post, cml_double, tmp_path):
    """CML publishes nothing, tracks nobody, and has a home of its own."""
    assert post("# Pass", cml=cml_double).returncode == 0
    argv, env = json.loads((tmp_path / "cml.json").read_text())
    assert argv[:3] == ["comment", "update", "--publish=false"]
    assert "--target=pr/7" in argv
    assert env["ITERATIVE_DO_NOT_TRACK"] == "1"
    assert env["GITHUB_SHA"]  # without it the real CML never finds its comment again
    assert env["HOME"] != str(tmp_path)
    assert not any("test-token" in argument for argument in argv)


@needs_gh
def test_cli_takes_over(github, post, cml_double):
    """The CLI posts where CML fails."""
    result = post("# Pass", cml=cml_double, DOUBLE_FAILS="1")
    assert result.returncode == 0
    assert "the GitHub CLI takes over" in result.stderr
    assert [c["body"] for c in github.comments] == [f"{MARKER}\n\n# Pass"]


@needs_gh
def test_cml_adds_no_second_comment(github, post, cml_double):
    """A comment that the CLI created is updated by the CLI, also where CML is installed later."""
    post("# Blocked")
    post("# Pass", cml=cml_double)
    assert [c["body"] for c in github.comments] == [f"{MARKER}\n\n# Pass"]


@needs_gh
def test_comment_of_another_author_is_left_alone(github, post, cml_double):
    """Its author could edit the verdict afterwards."""
    bait = github.add_comment(f"{MARKER}\n\nbait\n\n{WATERMARK}", author="somebody")["body"]
    assert post("# Blocked", cml=cml_double).returncode == 0
    assert [c["body"] for c in github.comments] == [bait, f"{MARKER}\n\n# Blocked"]


def test_long_report_is_not_sent(github, post):
    """GitHub would refuse it."""
    result = post("x" * 65_001)
    assert result.returncode == 2
    assert "65001 characters" in result.stderr
    assert github.requests == []


def test_limit_counts_characters(post):
    """Sixty-five thousand characters of three bytes each are accepted."""
    assert "characters, GitHub takes" not in post("→" * 65_000).stderr


def test_empty_report_is_not_sent(github, post):
    """A report without a verdict is none."""
    assert post("").returncode == 2
    assert github.requests == []


def test_missing_report_is_not_sent(github, post, tmp_path):
    """A path without a file is named."""
    result = post("# Pass", REPORT=str(tmp_path / "none.md"))
    assert result.returncode == 2
    assert "none.md is missing or empty" in result.stderr
    assert github.requests == []


@pytest.mark.parametrize(
    ("name", "value"),
    [("PULL_REQUEST", "7; id"), ("PULL_REQUEST", ""), ("REPOSITORY", "owner/name/../x"), ("GH_TOKEN", "")],
)
def test_odd_value_is_refused(github, post, name, value):
    """A number is a number, a repository is owner/name, and without a token nobody posts."""
    result = post("# Pass", **{name: value})
    assert result.returncode == 2
    assert name in result.stderr
    assert github.requests == []


def test_no_program_posts(github, post, tmp_path):
    """Without CML and without the CLI the step says what to install."""
    result = post("# Pass", PATH=str(tmp_path))
    assert result.returncode == 2
    assert "Neither cml nor gh" in result.stderr
    assert github.requests == []


@needs_gh
def test_refusal_has_its_own_code(github, post):
    """A server that is down ends the step with 41 and names the permission that is needed."""
    github.down = True
    result = post("# Pass")
    assert result.returncode == 41
    assert "pull-requests: write" in result.stderr
