"""Answers that no project could live with are refused, each with a sentence that explains it."""

import pytest
from template import baking

answers = baking.module("template_only_needs_cookiecutter_2_4.py", "template_only_answers")


@pytest.fixture(autouse=True)
def assembled(tmp_path, monkeypatch):
    """A template that knows its dependencies and its directories."""
    template = tmp_path / baking.assembly.TEMPLATE
    (template / "requirements").mkdir(parents=True)
    (template / "tests").mkdir()
    (template / "requirements" / "all.txt").write_text(
        "merge-lane==0.2.0\nnumpy==2.1 \\\n    --hash=x\nscikit-learn==1.7 \\\n"
    )
    monkeypatch.setattr(answers, "template", lambda: template)


@pytest.mark.parametrize(
    ("question", "answer", "reason"),
    [
        ("project_name", "9 Lives", "must begin with a letter"),
        ("project_name", "A  b", "single spaces"),
        ("project_name", "On", "YAML reads"),
        ("project_name", "A" * 31, "31 characters, 30 are the most"),
        ("project_slug", "Ab", "a-z and 0-9"),
        ("project_slug", "class", "Python keyword"),
        ("project_slug", "json", "standard library"),
        ("package_name", "2fast", "beginning with a letter"),
        ("package_name", "import", "Python keyword"),
        ("package_name", "email", "standard library"),
        ("package_name", "numpy", "the project depends on"),
        ("package_name", "merge_lane", "the project depends on"),
        ("package_name", "tests", "a folder of every project"),
        ("owner", "a b", "no GitHub user"),
        ("description", 'say "x"', "without double quotes"),
        ("description", "d" * 91, "90 are the most"),
    ],
)
def test_refused(question, answer, reason):
    """Each has its own reason."""
    assert reason in answers.QUESTIONS[question](answer)


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        ("project_name", "Flight Board"),
        ("project_name", "Zürich Ærø 3.0"),
        ("project_name", "हिन्दी परियोजना"),
        ("project_name", "航班延误"),
        ("project_slug", "a1"),
        ("project_slug", "parcel-delay-2"),
        ("package_name", "a1"),
        ("package_name", "a" * 30),
        ("owner", "Acme-Labs"),
        ("description", "It's late: 50% # & more; ça va"),
    ],
)
def test_accepted(question, answer):
    """Letters of every script, and signs that TOML and YAML take."""
    assert answers.QUESTIONS[question](answer) is None


@pytest.mark.parametrize(
    ("text", "numbers"),
    [("2.4.0", (2, 4, 0)), ("2.10.1", (2, 10, 1)), ("2.3", (2, 3)), ("3.0.0rc1", (3, 0, 0))],
)
def test_version(text, numbers):
    """Versions compare as numbers: 2.10 is newer than 2.4."""
    assert answers.version(text) == numbers
