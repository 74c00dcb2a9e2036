"""The steps that run before anything is installed: standard library only, from source or wheel."""

import ast
import sys
import zipfile
from pathlib import Path

import pytest
from forge import standalone

SOURCE = standalone.SOURCE
FORGE = SOURCE / "merge_lane/forge"
STEPS = sorted(path for path in FORGE.rglob("*.py") if "__main__" in path.read_text())
NEEDED = {
    "github.dispatch", "github.fetch_cml", "github.fork_report", "github.post_report",
    "github.required_check", "github.verify_image", "steps.plan",
}  # fmt: skip
VARIABLES = ("NEEDS", "GITHUB_EVENT_PATH", "GITHUB_REPOSITORY", "HEAD_BRANCH", "REPOSITORY")


def name_of(path):
    return ".".join(path.relative_to(FORGE).with_suffix("").parts)


def imports(tree):
    """Return the modules that a tree imports when it runs."""
    typing_only = {
        id(inner)
        for node in ast.walk(tree)
        if isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING"
        for inner in ast.walk(node)
    }
    nodes = [node for node in ast.walk(tree) if id(node) not in typing_only]
    names = {alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names}
    for node in nodes:
        if isinstance(node, ast.ImportFrom):
            names |= {node.module} | {f"{node.module}.{alias.name}" for alias in node.names}
    return names


def files_of(module):
    """Return the files of a module of the library: its own, and those of the packages that it is in."""
    parts = module.split(".")
    folders = [SOURCE.joinpath(*parts[:count], "__init__.py") for count in range(1, len(parts) + 1)]
    return [path for path in (*folders, SOURCE.joinpath(*parts).with_suffix(".py")) if path.is_file()]


def foreign(start):
    """Return the modules that a file imports, also indirectly, and that are not of the standard library."""
    module = ".".join(start.relative_to(SOURCE).with_suffix("").parts)
    seen, waiting, strangers = set(), files_of(module), set()
    while waiting:
        path = waiting.pop()
        if path in seen:
            continue
        seen.add(path)
        for module in imports(ast.parse(path.read_text())):
            top = module.partition(".")[0]
            if top == "merge_lane":
                waiting += files_of(module)
            elif top not in sys.stdlib_module_names:
                strangers.add(module)
    return strangers


def test_the_needed_steps_run_as_modules():
    """Every step that a job runs without set-up can be started by `python -m`, and no other."""
    assert {name_of(path) for path in STEPS} == NEEDED


@pytest.mark.parametrize("path", STEPS, ids=name_of)
def test_imports_are_standard(path):
    """A package that is not installed would stop the required check."""
    assert foreign(path) == set()


def test_an_import_of_a_package_is_seen():
    """The test above finds an import that a step reaches through other modules."""
    assert "click" in foreign(FORGE.parent / "commands/ci.py")
    assert "pydantic" in foreign(FORGE / "github/changes.py")


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    """The library as a project has it: one archive, from which Python imports."""
    path = tmp_path_factory.mktemp("vendor") / "merge_lane-0-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as archive:
        for source in (SOURCE / "merge_lane").rglob("*.py"):
            archive.write(source, source.relative_to(SOURCE))
    return path


@pytest.mark.parametrize("path", STEPS, ids=name_of)
@pytest.mark.parametrize("origin", ["source", "wheel"])
def test_step_starts_without_packages(path, origin, wheel, tmp_path):
    """Each starts from the source and from a wheel, and names what it lacks."""
    environment = dict.fromkeys(VARIABLES, "") | {"CML_URL": "http://plain"}
    library = wheel if origin == "wheel" else SOURCE
    result = standalone.run(name_of(path), tmp_path, environment, library)
    assert result.stderr.startswith("error: "), result.stderr
    assert "Traceback" not in result.stderr
    assert result.returncode == (36 if path.stem == "plan" else 2)


def test_python_files_next_to_the_project_are_not_imported(tmp_path):
    """A `json.py` in the working directory takes no module's name."""
    Path(tmp_path, "json.py").write_text("raise SystemExit('imported')")
    result = standalone.run("github.required_check", tmp_path, {"NEEDS": ""})
    assert "NEEDS is not set" in result.stderr
