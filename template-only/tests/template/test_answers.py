"""Answers that no project could live with are refused, each with a sentence that says why."""

import pytest
from template import baking

answers = baking.module("template_only_needs_cookiecutter_2_4.py", "template_only_answers")


@pytest.fixture(autouse=True)
def assembled(tmp_path, monkeypatch):
    """A template that knows its dependencies and its directories."""
    template = tmp_path / baking.assembly.TEMPLATE
    (template / "requirements").mkdir(parents=True)
    (template / "tests").mkdir()
    (template / "requirements" / "all.txt").write_text("numpy==2.1 \\\n    --hash=x\nscikit-learn==1.7 \\\n")
    monkeypatch.setattr(answers, "template", lambda: template)


@pytest.mark.parametrize(
    ("question", "answer", "reason"),
    [
        ("name", "9 Lives", "must begin with a letter"),
        ("name", "A  b", "single spaces"),
        ("name", "On", "YAML reads"),
        ("name", "A" * 31, "31 characters, 30 are the most"),
        ("slug", "Ab", "a-z and 0-9"),
        ("slug", "class", "Python keyword"),
        ("slug", "json", "standard library"),
        ("package", "2fast", "beginning with a letter"),
        ("package", "import", "Python keyword"),
        ("package", "email", "standard library"),
        ("package", "numpy", "the project depends on"),
        ("package", "tests", "already means something"),
        ("package", "aws", "already means something"),
        ("owner", "a b", "no GitHub user"),
        ("description", 'say "x"', "without double quotes"),
        ("description", "d" * 91, "90 are the most"),
    ],
)
def test_it_is_refused(question, answer, reason):
    assert reason in answers.QUESTIONS[question](answer)


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        ("name", "Merge Lane"),
        ("name", "Zürich Ærø 3.0"),
        ("name", "हिन्दी परियोजना"),
        ("name", "航班延误"),
        ("slug", "a1"),
        ("slug", "parcel-delay-2"),
        ("package", "a1"),
        ("package", "a" * 30),
        ("owner", "Acme-Labs"),
        ("description", "It's late: 50% # & more; ça va"),
    ],
)
def test_it_is_accepted(question, answer):
    assert answers.QUESTIONS[question](answer) is None


@pytest.mark.parametrize(
    ("text", "numbers"),
    [("2.4.0", (2, 4, 0)), ("2.10.1", (2, 10, 1)), ("2.3", (2, 3)), ("3.0.0rc1", (3, 0, 0))],
)
def test_versions_compare_as_numbers(text, numbers):
    assert answers.version(text) == numbers
