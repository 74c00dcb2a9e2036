"""The command line: instant help, one exit code per cause, and no traceback for a person's mistake."""

from __future__ import annotations

import ast
import inspect
import subprocess
import sys
from pathlib import Path

import click
import pytest

from merge_lane import errors, settings
from merge_lane.cli import VERBS, cli, main

ROOT = Path(__file__).parents[2]
SOURCE = ROOT / "library/src/merge_lane"
MONTH = settings.load(ROOT / "params.yaml").data.months[0]
HEAVY = (
    "boto3", "dvc", "matplotlib", "mlflow", "numpy", "onnx", "onnxruntime", "pandas", "pandera", "polars",
    "pydantic", "ruamel", "sklearn", "xgboost", "fastapi", "uvicorn",
)  # fmt: skip
PROBE = """
import sys, time
started = time.perf_counter()
from merge_lane.cli import main
code = main(["--help"])
print(f"{time.perf_counter() - started:.3f} s")
print([name for name in sys.argv[1:] if name in sys.modules], code)
"""


def test_help_imports_nothing_heavy_and_takes_no_time():
    done = subprocess.run(
        [sys.executable, "-c", PROBE, *HEAVY], capture_output=True, text=True, timeout=60, check=True
    )
    *_, took, outcome = done.stdout.splitlines()
    print(f"merge-lane --help: {took}")
    assert outcome == "[] 0"


def test_help_lists_every_verb_with_what_it_does(capsys):
    assert main(["--help"]) == 0
    said = capsys.readouterr().out
    for verb in VERBS:
        assert f"\n  {verb} " in said


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_explains_itself(verb, capsys):
    assert main([verb, "--help"]) == 0
    said = capsys.readouterr().out
    assert said.startswith("Usage: ")
    assert len(said.splitlines()) > 3


def test_every_verb_is_a_command_and_nothing_else_is():
    context = click.Context(cli)
    assert all(isinstance(cli.get_command(context, verb), click.Command) for verb in VERBS)
    assert cli.get_command(context, "frobnicate") is None


@pytest.mark.parametrize(("argv", "said"), [(["frobnicate"], "No such command 'frobnicate'"),
                                            (["ingest"], "Missing argument 'MONTH'"),
                                            (["ingest", "--colour"], "No such option")])  # fmt: skip
def test_a_mistyped_command_exits_with_2_and_a_sentence(argv, said, capsys):
    assert main(argv) == 2
    assert said in capsys.readouterr().err


def test_a_failure_that_a_person_can_act_on_prints_what_where_next(monkeypatch, capsys):
    def fail(*_, **__):
        raise errors.SourceError("No rows.", where="here", next="do this")

    monkeypatch.setattr(cli, "main", fail)
    assert main([]) == 11
    assert capsys.readouterr().err == "error: No rows.\n  where: here\n  next:  do this\n"


def test_an_interrupted_command_exits_with_130(monkeypatch, capsys):
    def interrupted(*_, **__):
        raise click.exceptions.Abort

    monkeypatch.setattr(cli, "main", interrupted)
    assert main([]) == 130
    assert capsys.readouterr().err == "stopped.\n"


def test_an_error_of_ours_is_not_swallowed(monkeypatch):
    def broken(*_, **__):
        raise ZeroDivisionError

    monkeypatch.setattr(cli, "main", broken)
    with pytest.raises(ZeroDivisionError):
        main([])


def test_every_cause_has_an_exit_code_of_its_own():
    kinds = [
        kind
        for _, kind in inspect.getmembers(errors, inspect.isclass)
        if kind.__bases__ == (errors.ProjectError,)
    ]
    codes = [kind.exit_code for kind in kinds]
    assert len(kinds) > 10
    assert len(set(codes)) == len(codes)
    assert not set(codes) & {0, 1, 2, 130}


def test_every_refusal_in_the_pipeline_says_what_to_do_next():
    """The last line of an error is the one that helps."""
    silent = []
    for path in [
        *SOURCE.glob("*.py"),
        *(SOURCE / "stages").glob("*.py"),
    ]:
        for node in ast.walk(ast.parse(path.read_text())):
            named = isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in CAUSES
            if named and "next" not in {keyword.arg for keyword in node.keywords}:
                silent.append(f"{path.name}:{node.lineno}")
    assert silent == []


CAUSES = {"ParamsError", "SourceError", "LeakError", "TrainingError", "WriteError"}


@pytest.fixture
def project(tmp_path, monkeypatch):
    """A directory with params.yaml and nothing else."""
    (tmp_path / "params.yaml").write_text((ROOT / "params.yaml").read_text())
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize(
    ("argv", "code", "said"),
    [
        (["validate", MONTH], 11, f"There is no data/raw/{MONTH}.parquet."),
        (["featurize"], 11, f"There is no data/raw/{MONTH}.parquet."),
        (["train"], 11, "There is no data/features.parquet."),
        (["evaluate"], 14, "There is no model bundle in models."),
        (["document"], 14, "There is no model bundle in models."),
    ],
)
def test_a_stage_without_its_input_says_what_is_missing(argv, code, said, project, capsys):
    assert not (project / "data").exists()
    assert main(argv) == code
    told = capsys.readouterr().err
    assert said in told
    assert "  next:  " in told


def test_the_installed_command_exits_with_the_code_of_the_cause(tmp_path):
    command = [Path(sys.executable).parent / "merge-lane", "ingest", MONTH]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 10
    assert done.stderr.startswith("error: There is no params.yaml here.")
    assert "Traceback" not in done.stderr


def test_the_module_is_the_command(tmp_path):
    command = [sys.executable, "-m", "merge_lane", "--version"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout.startswith("merge-lane, version ")
