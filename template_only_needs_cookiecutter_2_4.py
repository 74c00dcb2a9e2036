"""Checks the answers as they are given, and that the template was assembled at all.

cookiecutter loads this as a Jinja extension before its first question, even where it is too old for the
hook that assembles the template, or was told to run no hooks: the one place that can say so in a
sentence. The name of the module is what a cookiecutter prints that is too old even for this. Python 3.8
or newer.
"""

from __future__ import annotations

import keyword
import re
import sys
import unicodedata
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cookiecutter import __version__ as cookiecutter_version
from cookiecutter.exceptions import FailedHookException
from jinja2.ext import Extension
from jinja2.runtime import Context

if TYPE_CHECKING:
    from jinja2 import Environment

LONGEST = 30  # characters; longer names would break the lines of a formatted project
LONGEST_DESCRIPTION = 90
WORDS = {"true", "false", "yes", "no", "on", "off", "null", "none"}  # YAML reads them as something else
# As the beginning of a variable's name, each of these means another program's variables.
RESERVED = {"actions", "aws", "ci", "gh", "git", "github", "python", "runner", "tf"}


class Answers(Extension):
    """Makes every rendering look at the answers first: each one is refused as soon as it is given."""

    def __init__(self, environment: Environment) -> None:
        super().__init__(environment)
        refuse_unassembled()
        environment.context_class = CheckedContext


class CheckedContext(Context):
    """What a template sees. Answers that a project could not live with end the generation here."""

    def __init__(self, environment: Environment, parent: dict[str, Any], *args: Any, **options: Any) -> None:
        answers = parent.get("cookiecutter") or {}
        for question in QUESTIONS:
            problem = problem_of(question, str(answers[question])) if question in answers else None
            if problem:
                raise FailedHookException(f"{question}: {answers[question]!r} {problem}")
        hint_at_existing(answers)
        super().__init__(environment, parent, *args, **options)


@lru_cache(maxsize=None)  # noqa: UP033 - functools.cache needs Python 3.9; each file of a project asks again
def problem_of(question: str, answer: str) -> str | None:
    """Say what is wrong with an answer."""
    return QUESTIONS[question](answer)


@lru_cache(maxsize=None)  # noqa: UP033 - as above
def hint_once(directory: Path) -> None:
    """Say what to do about a directory that is in the way, before cookiecutter only says that it is."""
    if directory.exists():
        print(
            f"{directory} exists already. Unless --overwrite-if-exists was given, cookiecutter stops here: "
            "choose another slug, choose another place with -o, or move that directory away.",
            file=sys.stderr,
        )


def hint_at_existing(answers: dict[str, Any]) -> None:
    """Look once, when cookiecutter is about to make the project's directory."""
    if "_output_dir" in answers and "slug" in answers:
        hint_once(Path(answers["_output_dir"]) / answers["slug"])


def refuse_unassembled() -> None:
    """Say why there is no template: an old cookiecutter has no pre_prompt hook, or hooks were refused."""
    if template().is_dir():
        return
    if version(cookiecutter_version) < (2, 4):
        raise FailedHookException(
            f"This template needs cookiecutter 2.4 or newer, and this is {cookiecutter_version}: "
            "`pip install --upgrade cookiecutter`, then repeat the command."
        )
    raise FailedHookException(
        "This template is assembled by its pre_prompt hook, and hooks were refused: repeat the command "
        "without --accept-hooks=no, or use the assembled branch: add `--checkout template`."
    )


def template() -> Path:
    """Return the template's directory. cookiecutter puts its parent last into the search path.

    A second generation in one process finds this module already imported: `__file__` may be gone by then.
    """
    named = (Path(entry) for entry in reversed(sys.path) if (Path(entry) / Path(__file__).name).exists())
    return next(named, Path(__file__).parent) / ("{{" + "cookiecutter.slug}}")


def version(text: str) -> tuple[int, ...]:
    """Return the numbers of a version: `2.4.1` is (2, 4, 1)."""
    return tuple(int(number) for number in re.findall(r"\d+", text)[:3])


def name_problem(name: str) -> str | None:
    """Say what is wrong with the project's name: it stands in prose, YAML and Terraform."""
    readable = all(char.isalnum() or unicodedata.category(char)[0] == "M" or char in " .-_" for char in name)
    if not name[:1].isalpha() or not readable or name != " ".join(name.split()):
        return (
            "must begin with a letter; letters, digits, dots, hyphens, underscores, single spaces may follow."
        )
    if name.lower() in WORDS:
        return "is a word that YAML reads as something else: choose another name."
    return too_long(name, LONGEST)


def slug_problem(slug: str) -> str | None:
    """Say what is wrong with the slug: it names a directory, a repository, a command and cloud resources."""
    if not re.fullmatch(r"[a-z][a-z0-9]*(-[a-z0-9]+)*", slug) or len(slug) == 1:
        return "must be two or more of a-z and 0-9, beginning with a letter; single hyphens part words."
    return too_long(slug, LONGEST) or taken(slug.replace("-", "_"))


def package_problem(package: str) -> str | None:
    """Say what is wrong with the package: Python imports it, and its capitals begin environment variables."""
    if not re.fullmatch(r"[a-z][a-z0-9]*(_[a-z0-9]+)*", package) or len(package) == 1:
        return "must be two or more of a-z and 0-9, beginning with a letter; single underscores part words."
    return too_long(package, LONGEST) or taken(package)


def owner_problem(owner: str) -> str | None:
    """Say what is wrong with the owner: GitHub's own rule."""
    if not re.fullmatch(r"[A-Za-z0-9](-?[A-Za-z0-9]){0,38}", owner):
        return "is no GitHub user or organization: up to 39 letters, digits and single hyphens."
    return None


def description_problem(description: str) -> str | None:
    """Say what is wrong with the description: it stands between double quotes in TOML and YAML."""
    if not description.strip() or not description.isprintable() or re.search(r'["\\{}<>`$]', description):
        return "must be one line without double quotes, backslashes, braces, backticks and the signs < > $."
    return too_long(description, LONGEST_DESCRIPTION)


def too_long(text: str, most: int) -> str | None:
    """Say so if `text` has more than `most` characters."""
    return f"has {len(text)} characters, {most} are the most: shorten it." if len(text) > most else None


def taken(module: str) -> str | None:
    """Say so if Python, a dependency or the project itself already uses this name."""
    if keyword.iskeyword(module):
        return "is a Python keyword: choose another name."
    if module in getattr(sys, "stdlib_module_names", sys.builtin_module_names):
        return "is a module of Python's standard library: choose another name."
    if module in dependencies():
        return "is a package that the project depends on: choose another name."
    if module in RESERVED or (template() / module).exists():
        return "already means something in every project: choose another name."
    return None


def dependencies() -> set[str]:
    """Return the names of all locked packages, as modules are written."""
    lock = template() / "requirements" / "all.txt"
    text = lock.read_text(encoding="utf-8") if lock.exists() else ""
    names = re.findall(r"^([A-Za-z0-9_.-]+)==", text, re.MULTILINE)
    return {name.lower().replace("-", "_") for name in names}


QUESTIONS = {
    "name": name_problem,
    "slug": slug_problem,
    "package": package_problem,
    "owner": owner_problem,
    "description": description_problem,
}
