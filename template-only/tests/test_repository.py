"""What a newcomer sees of the repository: few entries, a licence, owners, a definition of done."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

ROOT = Path(__file__).parents[2]


def tracked():
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True, timeout=60)
    return [name for name in listed.stdout.split("\0") if name and (ROOT / name).exists()]


def test_the_top_level_can_be_taken_in_at_one_look():
    top = {name.split("/")[0] for name in tracked()}
    assert len([name for name in top if not name.startswith(".")]) < 25


def test_the_licence_is_the_whole_of_apache_2():
    text = (ROOT / "LICENSE").read_text()
    numbers = re.findall(r"^ {3}(\d)\. ", text, re.MULTILINE)
    assert numbers == [str(number) for number in range(1, 10)]
    assert text.rstrip().endswith("limitations under the License.")
    assert 'license = "Apache-2.0"' in (ROOT / "pyproject.toml").read_text()


def test_every_file_has_an_owner_who_is_asked_to_review_it():
    lines = (ROOT / ".github" / "CODEOWNERS").read_text().splitlines()
    rules = [line.split() for line in lines if line and not line.startswith("#")]
    assert rules[0][0] == "*"
    assert all(len(rule) > 1 and rule[1].startswith("@") for rule in rules)


def test_scripts_can_be_executed():
    scripts = [name for name in tracked() if (ROOT / name).read_bytes()[:2] == b"#!"]
    assert ".ci/run" in scripts
    assert [name for name in scripts if not os.access(ROOT / name, os.X_OK)] == []


def test_decisions_are_dated_records_with_context_options_and_consequences():
    for record in (ROOT / "docs" / "decisions").glob("[0-9]*.md"):
        text = record.read_text()
        assert re.search(r"^Date: \d{4}-\d{2}-\d{2}\.", text, re.MULTILINE), record.name
        assert all(f"## {part}" in text for part in ("Context", "Options", "Decision", "Consequences")), (
            record.name
        )
