"""The charts: Mermaid's own parser takes every one of them, whatever the names."""

import hashlib
import json
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from review import cases
from review.hostile import TEXTS

from merge_lane.review.report import charts
from merge_lane.review.report.markdown import assemble
from merge_lane.review.report.sections import sections

HERE = Path(__file__).parent / "mermaid"
SECONDS = 240


@pytest.fixture(scope="session")
def parser():
    """The folder of Mermaid's parser, installed once from its lock; in CI it is never skipped."""
    lock = hashlib.sha256((HERE / "package-lock.json").read_bytes()).hexdigest()[:12]
    cache = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / f"mermaid-parser-{lock}"
    if not (cache / ".ready").is_file():
        _install(cache)
    shutil.copy(HERE / "check.mjs", cache)
    return cache


def _install(cache):
    if shutil.which("npm") is None:
        _missing("there is no npm")
    cache.mkdir(parents=True, exist_ok=True)
    for name in ("package.json", "package-lock.json"):
        shutil.copy(HERE / name, cache)
    command = ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"]
    done = subprocess.run(command, cwd=cache, capture_output=True, text=True, timeout=SECONDS, check=False)
    if done.returncode:
        _missing(f"npm ci failed: {done.stderr[-300:]}")
    (cache / ".ready").touch()


def _missing(why):
    if os.environ.get("CI"):
        pytest.fail(why)
    pytest.skip(f"Mermaid's parser is not available: {why}")


def verdicts(parser, texts):
    done = subprocess.run(
        ["node", "check.mjs"],
        cwd=parser,
        input=json.dumps(texts),
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    return [json.loads(line) for line in done.stdout.splitlines()]


def drawn(found):
    return re.findall(r"```mermaid\n(.*?)\n```", assemble(sections(found)), flags=re.DOTALL)


@pytest.mark.timeout(300)
def test_mermaid(parser):
    """Mermaid accepts every chart, whatever the names."""
    texts = [chart for text in TEXTS for chart in drawn(cases.review(text))]
    found = verdicts(parser, texts)
    assert {verdict.get("kind") for verdict in found} == {"xychart", "pie"}
    assert len(found) == 4 * len(TEXTS)


@pytest.mark.timeout(300)
def test_broken_chart(parser):
    """Mermaid refuses a broken chart: the test above can fail."""
    broken = ['xychart-beta\n  title "a\n  bar [1,,2]', 'pie title x\n  "a : 1']
    assert all("error" in verdict for verdict in verdicts(parser, broken))


def test_label():
    """A label keeps letters and drops what could end it."""
    assert charts.label('"] bar [9]\n```') == "?? bar ?9?????"
    assert charts.label("\u202e") == "?"


def test_equal_model():
    """An equal model has no chart of differences."""
    rows, truth = cases.world()
    assert charts.metrics(cases.comparison(truth, truth, rows)) == ""
