"""What the library imports is what it declares: for serving, for training, for AWS."""

import ast
import re
import subprocess
import sys
import tomllib
from importlib import metadata
from pathlib import Path

import pytest

LIBRARY = Path(__file__).parents[1]
SOURCE = LIBRARY / "src"
PROJECT = tomllib.loads((LIBRARY / "pyproject.toml").read_text())["project"]


def packages(dependencies):
    """Return the names of packages, as an index writes them."""
    return {re.split(r"[^A-Za-z0-9_.-]", item)[0].lower().replace("_", "-") for item in dependencies}


BASE = packages(PROJECT["dependencies"])
ALL = BASE.union(*map(packages, PROJECT["optional-dependencies"].values()))


def imported(path):
    """Return the top modules that a file imports, inside functions too."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name.split(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module.split(".")[0]


def packages_of(module):
    """Return the packages that provide a module; more than one may."""
    names = metadata.packages_distributions().get(module, [module])
    return {name.lower().replace("_", "-") for name in names}


def test_every_import_is_declared():
    """No module is there only because another package happens to need it."""
    modules = {name for path in SOURCE.rglob("*.py") for name in imported(path)}
    third = modules - set(sys.stdlib_module_names) - {"merge_lane"}
    assert len(third) > 20
    assert {module for module in third if not packages_of(module) & ALL} == set()


def needed_by(package):
    """Return a package and what it needs, directly or through others, on this machine."""
    from packaging.requirements import Requirement

    seen, waiting = set(), [package]
    while waiting:
        name = waiting.pop().lower().replace("_", "-")
        if name in seen:
            continue
        seen.add(name)
        for text in metadata.requires(name) or []:
            requirement = Requirement(text)
            if requirement.marker is None or requirement.marker.evaluate({"extra": ""}):
                waiting.append(requirement.name)
    return seen


SERVING = """
import sys

class Refused:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in BLOCKED:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)

sys.meta_path.insert(0, Refused())
import merge_lane.cli, merge_lane.commands.serve, merge_lane.production.serve.app
import merge_lane.production.serve.server, merge_lane.model.bundle
"""


def test_serving_needs_the_base_only():
    """The image installs no extra: the server starts where the packages of no extra are."""
    allowed = set().union(*(needed_by(package) for package in BASE if installed(package)))
    provided = metadata.packages_distributions()
    blocked = {module for module in provided if not packages_of(module) & (allowed | {"merge-lane"})}
    assert {"xgboost", "polars", "mlflow", "yaml"} <= blocked
    code = SERVING.replace("BLOCKED", repr(blocked))
    answer = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False, timeout=120
    )
    assert answer.returncode == 0, answer.stderr


def installed(package):
    try:
        metadata.version(package)
    except metadata.PackageNotFoundError:
        return False
    return True


@pytest.mark.parametrize("extra", PROJECT["optional-dependencies"])
def test_no_extra_repeats_the_base(extra):
    """A dependency is declared once."""
    assert packages(PROJECT["optional-dependencies"][extra]) & BASE == set()
