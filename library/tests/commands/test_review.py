"""`review` and `report`: what they print, write and end with."""

import re
from pathlib import Path

import pytest
from review import cases

from merge_lane import errors
from merge_lane.cli import main
from merge_lane.review import run

DOCS = Path(__file__).parents[3] / "docs" / "review.md"
PARAMS = Path(__file__).parents[3] / "params.yaml"


@pytest.fixture
def reviewed(tmp_path, monkeypatch):
    """Let the commands find a review that is ready, blocked or not."""
    (tmp_path / "params.yaml").write_text(PARAMS.read_text())
    monkeypatch.chdir(tmp_path)

    def ready(*, blocked):
        monkeypatch.setattr(run, "review", lambda *_, **__: cases.review(blocked=blocked))

    return ready


def test_blocked_review(reviewed, capsys):
    """It prints the gate in its first line, and ends with 20."""
    reviewed(blocked=True)
    assert main(["review"]) == 20
    printed = capsys.readouterr()
    assert printed.out.startswith("BLOCKED by slices\n")
    assert "Blocked by slices." in printed.err
    assert "gates.waivers in params.yaml" in printed.err


def test_passing_review(reviewed, capsys):
    """It ends with 0."""
    reviewed(blocked=False)
    assert main(["review"]) == 0
    assert capsys.readouterr().out.startswith("PASS: no gate blocks\n")


def test_report_of_a_blocked_review(reviewed, capsys):
    """It writes three files and ends with 0: the report itself is not blocked."""
    reviewed(blocked=True)
    assert main(["report"]) == 0
    names = sorted(path.name for path in Path("reports/review").iterdir())
    assert names == ["report.html", "report.json", "report.md"]
    assert "BLOCKED by slices" in capsys.readouterr().out


def test_documented_exit_codes():
    """The codes that docs/review.md lists are those of the errors that a review raises."""
    codes = {int(code) for code in re.findall(r"(?m)^\| (\d+) \|", DOCS.read_text())}
    assert codes == {0, errors.GateBlockedError.exit_code, errors.ReviewError.exit_code}
