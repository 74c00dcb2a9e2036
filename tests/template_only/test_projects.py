"""What the template promises is done inside the projects that are made of it."""

import os
import shutil
import sys
import sysconfig
import venv
from pathlib import Path

import pytest
from template_only import baking

pytestmark = pytest.mark.slow


@pytest.fixture
def ready(renamed, tmp_path):
    """A renamed project, its own environment with the packages of this one: (path, variables)."""
    project = shutil.copytree(renamed[0], tmp_path / "project")
    (package,) = (path.parent.name for path in (project / "src").glob("*/__init__.py"))
    environment = project / ".venv"
    venv.create(environment, symlinks=True)
    (own,) = environment.glob("lib/python*/site-packages")
    (own / "borrowed.pth").write_text(f"{project / 'src'}\n{sysconfig.get_path('purelib')}\n")
    tools = environment / "bin"
    for tool in (tool for tool in Path(sys.prefix, "bin").iterdir() if not (tools / tool.name).exists()):
        borrow(tool, tools)
    command = tools / renamed[0].name
    command.write_text(f"#!{tools}/python\nfrom {package}.cli import main\nraise SystemExit(main())\n")
    command.chmod(0o755)
    (environment / ".ready").touch()
    path = os.pathsep.join([str(tools), os.environ["PATH"]])
    return project, {"PATH": path, "CI": ""}


def borrow(tool, tools):
    """Take over a command; a Python script is to run in the environment that took it."""
    head, _, rest = tool.read_bytes().partition(b"\n")
    if head.startswith(b"#!") and b"python" in head:
        (tools / tool.name).write_bytes(f"#!{tools}/python\n".encode() + rest)
        (tools / tool.name).chmod(0o755)
    else:
        (tools / tool.name).symlink_to(tool)


def make(ready, *targets, seconds=280):
    """Run targets of the project's own Makefile with the borrowed tools."""
    project, variables = ready
    return baking.ok("make", "-o", ".venv/.ready", *targets, cwd=project, seconds=seconds, **variables)


def test_its_lint_and_types_pass(ready):
    make(ready, "lint")


def test_its_workflows_pass_the_checks(ready):
    project, variables = ready
    workflows = sorted((project / ".github" / "workflows").glob("*.yml"))
    baking.ok("zizmor", "--offline", "--pedantic", "--quiet", ".github", cwd=project, **variables)
    schema = ["--builtin-schema", "vendor.github-workflows"]
    baking.ok("check-jsonschema", *schema, *workflows, cwd=project, **variables)


@pytest.mark.skipif(shutil.which("terraform") is None, reason="Terraform is not installed")
def test_its_infrastructure_is_valid(ready):
    project, variables = ready
    baking.ok("terraform", "fmt", "-check", "-recursive", "infra", cwd=project, **variables)


@pytest.mark.timeout(1500)
@pytest.mark.parametrize("renamed", ["longest"], indirect=True)
def test_its_own_fast_tests_pass(ready):
    make(ready, "test", seconds=1400)


@pytest.mark.timeout(900)
@pytest.mark.parametrize("renamed", ["unicode"], indirect=True)
def test_its_pipeline_runs_and_is_then_up_to_date(ready):
    """A project starts without records of runs; the first run makes them, and a second has nothing to do."""
    project, variables = ready
    assert not (project / "dvc.lock").exists()
    make(ready, "reproduce", seconds=800)
    assert (project / "models" / "manifest.json").exists()
    assert "up to date" in baking.ok("dvc", "repro", cwd=project, **variables)


@pytest.mark.timeout(600)
@pytest.mark.parametrize("renamed", ["short"], indirect=True)
def test_their_own_table_takes_the_place_of_the_example(ready, tmp_path):
    """Adopted, trained, documented and served under their own names; no word of the example is left."""
    project, variables = ready
    (package,) = (path.parent.name for path in (project / "src").glob("*/cli.py"))
    command = package.replace("_", "-")
    words = [word for word in (project / "tests/example/words.txt").read_text().splitlines() if word]
    table = tmp_path / "Käufe.csv"
    rows = [
        f"{n * 7 % 37},{n % 5 * 1.5},{'nord' if n % 3 else 'süd'},{(n * 7 + n % 11) % 37 > 18}"
        for n in range(300)
    ]
    table.write_text("\n".join(["Alter,Größe (m),Region,gekauft", *rows]) + "\n", encoding="utf-8")
    baking.ok(command, "adopt", table, "--target", "gekauft", "--yes", cwd=project, **variables)
    baking.ok(command, "prune", cwd=project, **variables)
    baking.ok("dvc", "repro", "--quiet", cwd=project, **variables)
    assert "gekauft" in (project / "reports" / "model_card.md").read_text(encoding="utf-8")
    assert '"Region"' in baking.ok(command, "try", cwd=project, **variables)
    written = [path for path in project.rglob("*") if path.is_file() and ".venv" not in path.parts]
    kept = [path for path in written if not {".git", ".dvc", ".dvcstore"} & set(path.parts)]
    speaking = {path for path in kept for word in words if word.encode() in path.read_bytes().lower()}
    assert speaking == set()
