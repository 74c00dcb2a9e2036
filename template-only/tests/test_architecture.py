"""The shape of the house: short modules, one direction, and a pipeline that names what it stands on."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[2]
SOURCE = ROOT / "src"
PACKAGE = SOURCE / "merge_lane"
MODULES = sorted(PACKAGE.rglob("*.py"))
MAX_LINES = 300
MAX_FUNCTION_LINES = 60

PLAIN = {"columns.py", "errors.py", "files.py", "settings.py", "section.py", "gates.py", "integrity.py"}
"""Plain values, texts, refusals, and the reading of params.yaml, whose keys DVC watches one by one."""

# A change of what only writes a bundle or only checks it shows in the bundle, which is a dependency.
WRITES_THE_BUNDLE = {"convert.py", "manifest.py", "profile.py", "rows.py", "stages/featurize.py"}
READS_THE_BUNDLE = {"bundle.py", "encode.py", "features.py", "tables.py"}
SHOWS_IN_THE_BUNDLE = {"evaluate": WRITES_THE_BUNDLE, "document": WRITES_THE_BUNDLE | READS_THE_BUNDLE}


def names(modules=MODULES):
    return [str(path.relative_to(PACKAGE)) for path in modules]


@pytest.mark.parametrize("path", MODULES, ids=names())
def test_a_module_is_short_and_opens_with_a_line_that_says_what_it_is(path):
    text = path.read_text()
    assert len(text.splitlines()) <= MAX_LINES
    said = ast.get_docstring(ast.parse(text))
    assert said
    assert len(said.splitlines()[0]) > 15


def test_no_function_is_long():
    long = [
        f"{path.relative_to(PACKAGE)}:{node.name}"
        for path in MODULES
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.FunctionDef) and node.end_lineno - node.lineno > MAX_FUNCTION_LINES
    ]
    assert long == []


def test_no_module_can_pickle():
    """A pickle runs code when it is read; what is not imported is not used."""
    forbidden = {"pickle", "joblib", "dill", "cloudpickle", "shelve", "marshal"}
    found = [
        f"{path.relative_to(PACKAGE)}: {name}"
        for path in MODULES
        for name in imported(ast.parse(path.read_text()))
        if name.split(".")[0] in forbidden
    ]
    assert found == []


def imported(tree):
    """Return the modules that a tree imports when it runs, inside functions too."""
    typing_only = {
        id(inner)
        for node in ast.walk(tree)
        if isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING"
        for inner in ast.walk(node)
    }
    found = []
    for node in ast.walk(tree):
        if id(node) in typing_only:
            continue
        if isinstance(node, ast.Import):
            found += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            full = [f"{node.module}.{alias.name}" for alias in node.names]
            found += [name if file_of(name) else node.module for name in full]
    return found


def file_of(module):
    """Return the file of a module of ours, or None."""
    path = SOURCE / module.replace(".", "/")
    found = path / "__init__.py" if path.is_dir() else path.with_suffix(".py")
    return found if found.is_file() and PACKAGE in found.parents else None


def closure(tree):
    """Return the files of ours that a tree needs to run, directly or through others."""
    seen, waiting = set(), imported(tree)
    while waiting:
        path = file_of(waiting.pop())
        if path and path not in seen:
            seen.add(path)
            waiting += imported(ast.parse(path.read_text()))
    return seen


def test_imports_point_one_way():
    done = subprocess.run(
        [Path(sys.executable).parent / "lint-imports", "--no-cache"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    assert "0 broken" in done.stdout


def stages():
    return yaml.safe_load((ROOT / "dvc.yaml").read_text())["stages"]


def watched(stage):
    return [ROOT / name for name in stage["deps"] if name.startswith("src/")]


@pytest.mark.parametrize("name", ["ingest", "validate", "featurize", "train", "evaluate", "document"])
def test_a_stage_runs_again_when_any_code_that_it_runs_has_changed(name):
    """A contract that changes must reach the served bundle: DVC knows only what dvc.yaml names."""
    verbs = ast.parse((PACKAGE / "commands" / "pipeline.py").read_text())
    (verb,) = (node for node in verbs.body if isinstance(node, ast.FunctionDef) and node.name == name)
    needed = {str(path.relative_to(PACKAGE)) for path in closure(verb)} - PLAIN
    needed -= SHOWS_IN_THE_BUNDLE.get(name, set()) | {"__init__.py", "stages/__init__.py"}
    named = watched(stages()[name])
    forgotten = [
        file
        for file in sorted(needed)
        if not any(PACKAGE / file == dep or dep in (PACKAGE / file).parents for dep in named)
    ]
    assert forgotten == []


def test_a_stage_names_no_code_that_is_not_there():
    assert [path for stage in stages().values() for path in watched(stage) if not path.exists()] == []


def test_every_stage_has_one_name_for_module_verb_and_command():
    for name, stage in stages().items():
        assert stage["cmd"].split()[:2] == ["merge-lane", name]
        assert (PACKAGE / "stages" / f"{name}.py").is_file()


def test_every_parameter_that_a_stage_watches_is_in_the_params():
    params = yaml.safe_load((ROOT / "params.yaml").read_text())
    for stage in stages().values():
        for key in stage.get("params", []):
            value = params
            for part in key.split("."):
                value = value[part]
