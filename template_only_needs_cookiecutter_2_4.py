"""Checks each answer, and that the template was assembled at all.

cookiecutter loads this as a Jinja extension before its first question, even where it is too old for the
hook that assembles the template, or was told to run no hooks: the one module that can explain both in a
sentence. Its name is what a cookiecutter prints that is too old even for this. Python 3.8 or newer.
"""

from __future__ import annotations

import inspect
import keyword
import re
import sys
import unicodedata
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cookiecutter import __version__ as cookiecutter_version
from cookiecutter.exceptions import FailedHookException
from cookiecutter.prompt import read_user_variable
from jinja2.ext import Extension
from jinja2.runtime import Context

if TYPE_CHECKING:
    from jinja2 import Environment

LONGEST = 30  # characters; longer names would break the lines of a formatted project
LONGEST_DESCRIPTION = 90
WORDS = {"true", "false", "yes", "no", "on", "off", "null", "none"}  # YAML reads them as something else


class Answers(Extension):
    """Makes every rendering look at the answers first."""

    def __init__(self, environment: Environment) -> None:
        super().__init__(environment)
        refuse_unassembled()
        refuse_unknown(argument_of("cookiecutter.main", "cookiecutter", "extra_context") or {})
        environment.context_class = CheckedContext


class CheckedContext(Context):
    """What a template sees: answers without spaces around them, each one that a project can live with."""

    def __init__(self, environment: Environment, parent: dict[str, Any], *args: Any, **options: Any) -> None:
        answers = parent.get("cookiecutter") or {}
        for question in QUESTIONS:
            if question in answers:
                answers[question] = accepted(question, str(answers[question]).strip())
        hint_at_existing(answers)
        super().__init__(environment, parent, *args, **options)


def accepted(question: str, answer: str) -> str:
    """Return an answer that has no problem: ask again at a keyboard, end the generation elsewhere."""
    problem = problem_of(question, answer)
    while problem:
        told = f"{question}: {answer!r} {problem}"
        if argument_of("cookiecutter.prompt", "prompt_for_config", "no_input") is not False:
            raise FailedHookException(told)
        print(f"    {told}")
        answer = read_user_variable(question, None, {question: "    Again"}).strip()
        problem = problem_of(question, answer)
    return answer


def argument_of(module: str, function: str, argument: str) -> Any:
    """Return an argument of the cookiecutter function that runs this; None where no such function does.

    cookiecutter drops unknown answers, and tells an extension neither those nor whether a person answers.
    """
    frame = inspect.currentframe()
    while frame:
        if frame.f_globals.get("__name__") == module and frame.f_code.co_name == function:
            return frame.f_locals.get(argument)
        frame = frame.f_back
    return None


def refuse_unknown(answers: dict[str, Any]) -> None:
    """End the generation where an answer on the command line answers no question."""
    unknown = sorted(answer for answer in answers if answer not in (*QUESTIONS, "data") and answer[:1] != "_")
    if unknown:
        questions = ", ".join((*QUESTIONS, "data"))
        raise FailedHookException(f"{', '.join(unknown)}: no such question. The questions are {questions}.")


@lru_cache(maxsize=None)  # noqa: UP033 - functools.cache needs Python 3.9; each file of a project asks again
def problem_of(question: str, answer: str) -> str | None:
    """Return what is wrong with an answer."""
    return QUESTIONS[question](answer)


@lru_cache(maxsize=None)  # noqa: UP033 - as above
def hint_once(directory: Path) -> None:
    """Print what to do about a directory that is in the way; cookiecutter only says that it is."""
    if directory.exists():
        print(
            f"{directory} exists already. Unless --overwrite-if-exists was given, cookiecutter stops here: "
            "choose another project_slug, choose another folder with -o, or move that directory away.",
            file=sys.stderr,
        )


def hint_at_existing(answers: dict[str, Any]) -> None:
    """Look once, when cookiecutter is about to make the project's directory."""
    if "_output_dir" in answers and "project_slug" in answers:
        hint_once(Path(answers["_output_dir"]) / answers["project_slug"])


def refuse_unassembled() -> None:
    """Explain why there is no template: an old cookiecutter has no pre_prompt hook, or hooks were refused."""
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
    return next(named, Path(__file__).parent) / ("{{" + "cookiecutter.project_slug}}")


def version(text: str) -> tuple[int, ...]:
    """Return the numbers of a version: `2.4.1` is (2, 4, 1)."""
    return tuple(int(number) for number in re.findall(r"\d+", text)[:3])


def name_problem(name: str) -> str | None:
    """Return what is wrong with the project's name: prose, YAML and Terraform hold it."""
    readable = all(char.isalnum() or unicodedata.category(char)[0] == "M" or char in " .-_" for char in name)
    if not name[:1].isalpha() or not readable or name != " ".join(name.split()):
        return (
            "must begin with a letter; letters, digits, dots, hyphens, underscores, single spaces may follow."
        )
    if name.lower() in WORDS:
        return "is a word that YAML reads as something else: choose another name."
    return too_long(name, LONGEST)


def slug_problem(slug: str) -> str | None:
    """Return what is wrong with the slug: it names a directory, a repository and cloud resources."""
    if not re.fullmatch(r"[a-z][a-z0-9]*(-[a-z0-9]+)*", slug) or len(slug) == 1:
        return "must be two or more of a-z and 0-9, beginning with a letter; single hyphens part words."
    return too_long(slug, LONGEST) or taken(slug.replace("-", "_"))


def package_problem(package: str) -> str | None:
    """Return what is wrong with the package: Python imports it."""
    if not re.fullmatch(r"[a-z][a-z0-9]*(_[a-z0-9]+)*", package) or len(package) == 1:
        return "must be two or more of a-z and 0-9, beginning with a letter; single underscores part words."
    return too_long(package, LONGEST) or taken(package)


def owner_problem(owner: str) -> str | None:
    """Return what is wrong with the owner: GitHub's own rule."""
    if not re.fullmatch(r"[A-Za-z0-9](-?[A-Za-z0-9]){0,38}", owner):
        return "is no GitHub user or organization: up to 39 letters, digits and single hyphens."
    return None


def description_problem(description: str) -> str | None:
    """Return what is wrong with the description: TOML and YAML hold it between double quotes."""
    if not description.strip() or not description.isprintable() or re.search(r'["\\{}<>`$]', description):
        return "must be one line without double quotes, backslashes, braces, backticks and the signs < > $."
    return too_long(description, LONGEST_DESCRIPTION)


def too_long(text: str, most: int) -> str | None:
    """Return a sentence if `text` has more than `most` characters."""
    return f"has {len(text)} characters, {most} are the most: shorten it." if len(text) > most else None


def taken(module: str) -> str | None:
    """Return a sentence if Python, a dependency or the project itself already uses this name."""
    if keyword.iskeyword(module):
        return "is a Python keyword: choose another name."
    if module in getattr(sys, "stdlib_module_names", sys.builtin_module_names):
        return "is a module of Python's standard library: choose another name."
    if module in dependencies():
        return "is a package that the project depends on: choose another name."
    if (template() / module).exists():
        return "is a folder of every project: choose another name."
    return None


def dependencies() -> set[str]:
    """Return the names of all locked packages, as modules are written."""
    lock = template() / "requirements" / "all.txt"
    text = lock.read_text(encoding="utf-8") if lock.exists() else ""
    names = re.findall(r"^([A-Za-z0-9_.-]+)==", text, re.MULTILINE)
    return {name.lower().replace("-", "_") for name in names}


QUESTIONS = {
    "project_name": name_problem,
    "project_slug": slug_problem,
    "package_name": package_problem,
    "owner": owner_problem,
    "description": description_problem,
}
