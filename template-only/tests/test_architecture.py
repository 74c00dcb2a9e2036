"""The shape of the house: short modules, one direction of imports, stages that name what they depend on."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from merge_lane.repository import fingerprints

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "library/src/merge_lane"
PROJECT = ROOT / "src/flight_board"
MODULES = sorted([*PACKAGE.rglob("*.py"), *PROJECT.rglob("*.py")])
MAX_LINES = 300
MAX_FUNCTION_LINES = 45
ONLY_LOADS = {"document": {"features"}}
"""Loading a bundle imports features.py; the model card shows nothing of it."""


def name(path):
    """Return a module's path for a test's id."""
    return str(path.relative_to(ROOT))


@pytest.mark.parametrize("path", MODULES, ids=name)
def test_module_is_short_and_described(path):
    """The first line of a module says what it is."""
    text = path.read_text()
    assert len(text.splitlines()) <= MAX_LINES
    docstring = ast.get_docstring(ast.parse(text))
    assert docstring
    assert len(docstring.splitlines()[0]) > 15


def test_no_function_is_long():
    """A function fits on a screen."""
    long = [
        f"{name(path)}:{node.name}"
        for path in MODULES
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.FunctionDef) and node.end_lineno - node.lineno >= MAX_FUNCTION_LINES
    ]
    assert long == []


def test_no_module_can_pickle():
    """A pickle runs code when it is read; what is not imported is not used."""
    forbidden = {"pickle", "joblib", "dill", "cloudpickle", "shelve", "marshal"}
    unsafe = [
        f"{name(path)}: {module}"
        for path in MODULES
        for node in ast.walk(ast.parse(path.read_text()))
        for module in imported(node)
        if module.split(".")[0] in forbidden
    ]
    assert unsafe == []


def imported(node):
    """Return the modules that a statement imports."""
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    return [node.module] if isinstance(node, ast.ImportFrom) and node.module else []


def test_imports_point_one_way():
    """A room imports only rooms below it."""
    result = subprocess.run(
        [Path(sys.executable).parent / "lint-imports", "--no-cache"],
        cwd=ROOT / "library",
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert result.returncode == 0, result.stdout
    assert "0 broken" in result.stdout


def pipeline():
    """Return the stages of dvc.yaml."""
    return yaml.safe_load((ROOT / "dvc.yaml").read_text())["stages"]


def test_pipeline_has_the_stages_of_the_library():
    """The fingerprints cover each stage, in its order."""
    assert tuple(pipeline()) == fingerprints.STAGES


def test_fingerprints_are_those_of_the_library():
    """A change of a stage's code must reach library.yaml, and so DVC."""
    fingerprints.check(ROOT, fingerprints.current(ROOT))


@pytest.mark.parametrize("stage", fingerprints.STAGES)
def test_stage_depends_on_its_fingerprint(stage):
    """A stage reruns when the library's code of that stage changes."""
    assert {"library.yaml": [f"stages.{stage}"]} in pipeline()[stage]["params"]


@pytest.mark.parametrize("stage", fingerprints.STAGES)
def test_stage_names_no_path_of_the_library(stage):
    """In a project the library is a wheel."""
    assert [path for path in pipeline()[stage]["deps"] if "merge_lane" in path or "library" in path] == []


@pytest.mark.parametrize("stage", fingerprints.STAGES)
def test_stage_names_the_files_of_the_team_that_it_reads(stage):
    """A contract that changes must reach the served bundle: DVC knows only what dvc.yaml names."""
    used = fingerprints.team_modules(stage, fingerprints.installed_sources())
    named = {Path(path).stem for path in pipeline()[stage]["deps"] if path.startswith("src/")}
    assert named == used - ONLY_LOADS.get(stage, set())


def test_stage_names_no_file_that_is_missing():
    """A file that was renamed is renamed in dvc.yaml too."""
    named = [path for stage in pipeline().values() for path in stage["deps"] if path.startswith("src/")]
    assert [path for path in named if not (ROOT / path).is_file()] == []


def test_every_stage_has_one_name_for_module_verb_and_command():
    """One name leads from dvc.yaml to the code."""
    for stage, body in pipeline().items():
        assert body["cmd"].split()[:2] == ["merge-lane", stage]
        assert (PACKAGE / "stages" / f"{stage}.py").is_file()


def test_every_parameter_that_a_stage_watches_is_in_the_params():
    """DVC takes a key that does not exist for one that never changes."""
    params = yaml.safe_load((ROOT / "params.yaml").read_text())
    for stage in pipeline().values():
        for key in (key for key in stage["params"] if isinstance(key, str)):
            value = params
            for part in key.split("."):
                value = value[part]
