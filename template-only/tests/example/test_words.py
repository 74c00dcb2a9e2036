"""A project on its own data keeps no file that speaks of the example."""

import subprocess
from pathlib import Path

from merge_lane.adopt import example

ROOT = Path(__file__).parents[3]
WORDS = (ROOT / "template-only/tests/example/words.txt").read_text().splitlines()
REPLACED = (
    "library/tests",  # stay in this repository
    "template-only",
    "library/tests/",  # tests of adopting speak of what it replaces
    "README.md",  # a generated project has its own
    "CHANGELOG.md",
    "cookiecutter.json",
    "data/README.md",
    "dvc.lock",
    "models/",
    "reports/",
    "params.yaml",
    "pyproject.toml",
    "requirements/all.txt",
)
REWRITTEN = ("contract.py", "features.py", "source.py")


def test_only_replaced_files_speak_of_the_example():
    """`adopt` rewrites or removes every file of a project that has a word of the example."""
    marked = {path.as_posix() for path in example.tests(ROOT)}
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    kept = [
        name
        for name in listed.splitlines()
        if not name.startswith(REPLACED) and not name.endswith(REWRITTEN) and name not in marked
    ]
    assert len(kept) > 100
    speaking = {name for name in kept if _words_in(ROOT / name)}
    assert speaking == set()


def test_words_are_seen():
    """The search sees the words where they are."""
    assert {"carrier", "tailnum"} <= set(_words_in(ROOT / "params.yaml") + _words_in(ROOT / "data/README.md"))


def _words_in(path):
    text = path.read_bytes().lower()
    return [word for word in WORDS if word.encode() in text]
