"""What the template promises holds inside the projects that are made of it, under each of their names."""

import re
import shutil
import tomllib
from datetime import datetime, timedelta

import pytest
from infra import harness
from installer import install
from template import baking
from template.environments import prepared

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]

HEAD = "Bestellung,Bestellt am,Alter,Größe (m),Région,gekauft"
FIRST = datetime(2024, 1, 1)


def test_lint(ready):
    """Lint, types and hooks pass."""
    baking.make(ready, "lint")


def test_tests(ready):
    """Its own tests pass."""
    baking.make(ready, "test", seconds=600)


def test_setup_installs_the_wheel(ready):
    """The command comes from vendor/, and the project's package is the one that pyproject.toml declares."""
    project, variables = ready
    assert baking.ok("merge-lane", "--version", cwd=project, **variables).startswith("merge-lane, version ")
    code = "import merge_lane.project as p; print(p.__file__, p.contract().__module__)"
    answer = baking.ok(project / ".venv/bin/python", "-c", code, cwd=project, **variables)
    assert answer.startswith(str(project / ".venv"))
    package = tomllib.loads((project / "pyproject.toml").read_text())["tool"]["merge-lane"]["package"]
    assert f"{package}.contract" in answer


def test_workflows(ready):
    """Its workflows keep GitHub's schema and zizmor's rules."""
    project, variables = ready
    workflows = sorted((project / ".github" / "workflows").glob("*.yml"))
    baking.ok("zizmor", "--offline", "--pedantic", "--quiet", ".github", cwd=project, **variables)
    schema = ["--builtin-schema", "vendor.github-workflows"]
    baking.ok("check-jsonschema", *schema, *workflows, cwd=project, **variables)


@pytest.mark.skipif(shutil.which("terraform") is None, reason="Terraform is not installed")
def test_terraform(ready, tmp_path):
    """Its Terraform is formatted, and each root is valid, with every module that it uses."""
    infra = shutil.copytree(ready[0] / "infra", tmp_path / "infra")
    baking.ok("terraform", "fmt", "-check", "-recursive", "-diff", cwd=infra)
    roots = [path.parent for path in infra.rglob(".terraform.lock.hcl") if "modules" not in path.parts]
    assert roots
    for root in roots:
        terraform = harness.Terraform(root)
        if terraform.init("-backend=false", check=False).returncode:
            pytest.skip("terraform has no provider here")
        assert "Success!" in terraform.run("validate", "-no-color").stdout


def test_pipeline(ready):
    """A project starts without records of runs; the first run makes them, and a second has nothing to do."""
    project, variables = ready
    assert not (project / "dvc.lock").exists()
    baking.make(ready, "reproduce", seconds=800)
    assert (project / "models" / "manifest.json").exists()
    assert "up to date" in baking.ok("dvc", "repro", cwd=project, **variables)


def row(n):
    """Return a row of the table: one in three lacks its age, and nothing but `gekauft` tells the answer."""
    when = FIRST + timedelta(hours=4 * n)
    age = n * 7 % 37 if n % 3 else ""
    region = "nord" if n % 2 else "süd"
    return f"{n + 1000},{when},{age},{n % 5 * 1.5},{region},{(n * 7 + n % 11) % 37 > 18}"


@pytest.fixture
def adopted(live, tmp_path):
    """A project whose owner has adopted a table in place of the example: (path, variables)."""
    ready = prepared(
        baking.bake(live, tmp_path, project_name="Ab", owner="x", description="Small", data="own")
    )
    project, variables = ready
    table = tmp_path / "Käufe.csv"
    table.write_text("\n".join([HEAD, *map(row, range(900))]) + "\n", encoding="utf-8")
    options = ["--target", "gekauft", "--time", "Bestellt am", "--key", "Bestellung", "--yes"]
    baking.ok("merge-lane", "adopt", table, *options, cwd=project, **variables)
    return ready


def test_own_table(adopted):
    """It trains, documents and serves their columns; lint and tests pass; no word of the example stays."""
    project, variables = adopted
    baking.make(adopted, "reproduce")
    assert "gekauft" in (project / "reports" / "model_card.md").read_text(encoding="utf-8")
    assert '"Région"' in baking.ok("merge-lane", "try", cwd=project, **variables)
    assert example_words(project) == {}
    baking.commit(project, "On our own data")
    baking.make(adopted, "lint")
    baking.make(adopted, "test", seconds=600)


def example_words(project):
    """Return path -> word for each text of a project that still speaks of the example."""
    words = (baking.LIVE / "template-only/tests/example/words.txt").read_text().splitlines()
    pattern = re.compile("|".join(map(re.escape, words)), re.IGNORECASE)
    texts = {path: data.decode("utf-8", "ignore") for path, (data, _) in baking.files(project).items()}
    apart = (".venv/", ".dvc/", ".dvcstore/", "vendor/")
    return {
        path: match[0]
        for path, text in texts.items()
        if not path.startswith(apart) and (match := pattern.search(text))
    }


@pytest.mark.parametrize("renamed", ["short"], indirect=True)
def test_ejected(renamed, tmp_path):
    """A project can own the library: its source installs in place of the wheel, and lint holds."""
    project, variables = prepared(shutil.copytree(renamed[0], tmp_path / "project"))
    baking.ok("merge-lane", "eject", cwd=project, **variables)
    editable = install(project / ".venv", "--no-build-isolation", "-e", "./library")
    baking.ok(*editable, cwd=project)
    code = "import merge_lane; print(merge_lane.__file__)"
    answer = baking.ok(project / ".venv/bin/python", "-c", code, cwd=project, **variables)
    assert answer.startswith(str(project / "library/src"))
    baking.commit(project, "Own the library")
    baking.make((project, variables), "lint")
