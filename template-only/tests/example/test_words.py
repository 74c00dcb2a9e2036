"""What a project on its own data keeps must not speak of the example."""

import subprocess
from pathlib import Path

ROOT = Path(__file__).parents[3]
WORDS = (ROOT / "template-only/tests/example/words.txt").read_text().splitlines()
REPLACED = (
    "tests/",  # adopt removes those that speak of the example
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


def test_only_what_adopting_replaces_speaks_of_the_example():
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    kept = [
        name for name in listed.splitlines() if not name.startswith(REPLACED) and not name.endswith(REWRITTEN)
    ]
    assert len(kept) > 100
    speaking = {name for name in kept if _words_in(ROOT / name)}
    assert speaking == set()


def test_the_words_are_found_where_they_are():
    assert {"carrier", "tailnum"} <= set(_words_in(ROOT / "params.yaml") + _words_in(ROOT / "data/README.md"))


def _words_in(path):
    text = path.read_bytes().lower()
    return [word for word in WORDS if word.encode() in text]
