"""Every gate on the real pipeline, through the real command line: bad changes are blocked by name.

Each test copies one reproduced project (real flights, five months), changes it as a person would,
reproduces it and reviews it. Good changes pass.
"""

import json
import shutil

import numpy as np
import pytest
from merge_lane.review import compare
from merge_lane.review.gates import performance
from review import project as projects

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1200)]

BLOCKED, PASS = 20, 0


@pytest.fixture(scope="session")
def baseline(tmp_path_factory):
    return projects.baseline(tmp_path_factory.getbasetemp().parent / "reviewed-project")


@pytest.fixture
def project(baseline, tmp_path):
    yield projects.copy(baseline.folder, tmp_path / "project")
    shutil.rmtree(tmp_path)


def reviewed(project, *arguments):
    """Reproduce and review; the pipeline itself must run."""
    done = project.reproduce()
    assert done.returncode == 0, done.stderr
    return project.review(*arguments)


def only_in(month, change):
    """Return the end of source.read with one month changed."""
    return (
        r'rows = joined.join(_planes(), on="tailnum", how="left")' + "\n"
        f'    if month == "{month}":\n        rows = rows.with_columns({change})\n'
        "    return _columns(rows)"
    )


CONTRACT = "src/flight_board/contract.py"
FEATURES = "src/flight_board/features.py"
SOURCE = "src/flight_board/source.py"
LAST_LINE = r'return _columns\(joined\.join\(_planes\(\), on="tailnum", how="left"\)\)'


def test_an_unchanged_tree_passes(project):
    code, gates, said = project.review()
    assert (code, gates) == (PASS, set()), said
    assert "stored scores" in said


def test_own_tests_pass(project):
    """The project's tests of model, API and pipeline pass on the trained model, and none is skipped."""
    tests = ("test_api", "test_behaviour", "test_pipeline")
    ran = project.run("pytest", "-q", "-n", "0", *(f"tests/{name}.py" for name in tests))
    assert ran.returncode == 0, ran.stdout
    assert "skipped" not in ran.stdout


def test_an_identical_retrain_passes(project):
    assert project.run("dvc", "repro", "--force", "--single-item", "train").returncode == 0
    code, gates, said = reviewed(project)
    assert (code, gates) == (PASS, set()), said


def test_five_trees_are_blocked_by_non_inferiority_and_the_way_back_is_an_improvement(project):
    project.change("params.yaml", r"rounds: 2000", "rounds: 5")
    code, gates, said = reviewed(project)
    assert code == BLOCKED, said
    assert "non_inferiority" in gates
    project.commit()
    project.change("params.yaml", r"rounds: 5\b", "rounds: 2000")
    code, gates, said = reviewed(project, "--base", "HEAD")
    assert (code, gates) == (PASS, set()), said
    assert "better" in said


def test_a_noise_level_change_of_parameters_passes(project):
    project.change("params.yaml", r"reg_lambda: 1.0", "reg_lambda: 1.1")
    project.change("params.yaml", r"min_child_weight: 20", "min_child_weight: 22")
    code, gates, said = reviewed(project)
    assert (code, gates) == (PASS, set()), said


def test_a_leaked_column_is_blocked_by_leakage_even_where_training_was_told_to_look_away(project):
    project.change(
        CONTRACT,
        r"dep_delay: float = outcome\(",
        "dep_delay: float = measured(",
    )
    project.change(
        FEATURES,
        r"^(        \*\*\{name: rows\[name\] for name in UNCHANGED\},)",
        r'\1\n        "dep_delay": rows["dep_delay"],',
    )
    project.change(
        "params.yaml", r"  max_single_feature_auc: 0.80 # one", "  max_single_feature_auc: 1.0 # one"
    )
    code, gates, said = reviewed(project)
    assert (code, gates) == (BLOCKED, {"leakage"}), said
    assert "leakage:dep_delay" in said


def test_a_month_that_breaks_the_contract_is_blocked_by_validation(project):
    project.change(SOURCE, LAST_LINE, only_in("2013-06", 'origin=pl.lit("XXX")'))
    assert project.reproduce().returncode != 0
    code, gates, said = project.review()
    assert (code, gates) == (BLOCKED, {"validation", "pipeline"}), said
    assert "validation:2013-06" in said


def test_a_month_in_other_units_is_blocked_by_shift(project):
    celsius = '((pl.col("temp") - 32) / 1.8).alias("temp")'
    project.change(SOURCE, LAST_LINE, only_in("2013-08", celsius))
    code, gates, said = reviewed(project)
    assert code == BLOCKED, said
    assert "shift" in gates
    assert "shift:2013-08 temp" in said


def test_a_slower_model_is_blocked_by_latency(project):
    project.change(
        FEATURES,
        r'^(    departure, midnight = rows\["sched_dep"\], )',
        r"    sum(range(30_000))\n\1",
    )
    code, gates, said = reviewed(project)
    assert (code, gates) == (BLOCKED, {"latency"}), said


def test_one_ruined_slice_is_blocked_by_slices(project):
    """An airline with one flight in a hundred: the average hardly moves."""
    project.change(
        FEATURES,
        r'    return \{\n(\s+"carrier")',
        r"    built = {\n\1",
    )
    project.change(
        FEATURES,
        r"(\*\*\{name: rows\[name\] for name in UNCHANGED\},\n    \})",
        r"""\1
    blind = rows["carrier"] == "FL"
    return {name: np.where(blind, None if v.dtype == object else np.nan, v) for name, v in built.items()}""",
    )
    code, gates, said = reviewed(project)
    assert (code, gates) == (BLOCKED, {"slices"}), said
    assert "slices:carrier=FL" in said


def test_a_removed_column_is_blocked_by_compatibility(project):
    project.change(CONTRACT, r"    seats: int = .*\n", "")
    project.change(FEATURES, r'UNCHANGED = \("seats", ', "UNCHANGED = (")
    project.change(SOURCE, r'"tailnum", "seats", ', '"tailnum", ')
    code, gates, said = reviewed(project)
    assert (code, gates) == (BLOCKED, {"compatibility"}), said
    assert "compatibility:seats" in said


def test_an_expired_waiver_is_blocked_by_name(project):
    waiver = '[{gate: size, reason: "smaller soon", owner: someone, until: "2020-01-31"}]'
    project.change("params.yaml", r"waivers: \[\]", f"waivers: {waiver}")
    code, gates, said = project.review()
    assert (code, gates) == (BLOCKED, {"waivers"}), said


def test_a_waiver_that_holds_lets_the_change_pass_in_the_open(project):
    project.change("params.yaml", r"max_mb: 50", "max_mb: 0.01")
    assert project.review()[1] == {"size"}
    waiver = '[{gate: "size:limit", reason: "smaller soon", owner: someone, until: "2999-01-31"}]'
    project.change("params.yaml", r"waivers: \[\]", f"waivers: {waiver}")
    code, gates, said = project.review()
    assert (code, gates) == (PASS, set()), said
    assert "WAIVED" in said


def test_parameters_that_were_not_reproduced_are_blocked_by_pipeline(project):
    project.change("params.yaml", r"max_depth: 5", "max_depth: 6")
    code, gates, said = project.review()
    assert (code, gates) == (BLOCKED, {"pipeline"}), said
    assert "train" in said


def test_a_new_month_passes_with_main_scored_by_its_own_code(project):
    project.change("params.yaml", r"    - 2013-08\n", "    - 2013-08\n    - 2013-09\n")
    code, gates, said = reviewed(project)
    assert (code, gates) == (PASS, set()), said
    assert "main's own code" in said


def test_without_a_model_on_main_the_limits_alone_judge(project):
    for path in ("dvc.lock", "models/manifest.json"):
        assert project.run("git", "rm", "-q", "--cached", path).returncode == 0
    assert (
        project.run(
            "git", "-c", "user.name=t", "-c", "user.email=t@localhost", "commit", "-qm", "x"
        ).returncode
        == 0
    )
    code, gates, said = project.review()
    assert (code, gates) == (PASS, set()), said
    assert "main has no model yet" in said


def test_an_unknown_base_is_said_to_be_unknown(project):
    code, _, said = project.review("--base", "no-such-branch")
    assert code == 21
    assert "no-such-branch" in said
    assert "Traceback" not in said


def test_a_report_of_the_real_pipeline_is_written_whole(project):
    done = project.run("merge-lane", "report", "--attach", "Plan=Makefile")
    assert done.returncode == 0, done.stderr
    folder = project.folder / "reports" / "review"
    assert (folder / "report.md").read_text().startswith("## ✅ PASS")
    assert json.loads((folder / "report.json").read_text())["verdict"] == "pass"
    page = (folder / "report.html").read_text()
    assert page.count("<img ") >= 6
    assert "http-equiv" in page


def test_twenty_runs_that_differ_in_the_seed_alone_are_blocked_at_most_once(project, monkeypatch):
    """In one process and without DVC: the trees, the comparison and the gates are the real ones."""
    import polars as pl
    from merge_lane import settings
    from merge_lane.data import schema, split, tables
    from merge_lane.model import bundle
    from merge_lane.model.encode import Encoding
    from merge_lane.review.models import candidate_rows, scores_of
    from merge_lane.stages import train

    from flight_board.contract import Contract

    monkeypatch.chdir(project.folder)
    given, contract = settings.load(), schema.read(Contract)
    table = tables.read(project.folder / "data/features.parquet")
    parts = {
        name: train._part(table.filter(pl.col(split.PART) == name), contract, [])
        for name in ("train", "validation", "test")
    }
    encoding = Encoding.fit(parts["train"].features, given.train.max_categories)
    asked = encoding.matrix(parts["test"].features)
    stored = tables.read(project.folder / "reports/predictions.parquet")
    rows, base = candidate_rows(stored, bundle.load("models")), scores_of(stored)
    blocked = []
    for seed in range(20):
        booster = train.fit(parts, encoding, given.train.model_copy(update={"seed": seed}), "binary", 0)
        scores = booster.inplace_predict(asked, iteration_range=(0, booster.best_iteration + 1))
        found = compare.compare(rows, base, scores.astype(np.float64), given.evaluate)
        checks = [
            *performance.floors(found, given.gates.floors, {}),
            *performance.non_inferiority(found, given.gates.non_inferiority),
            *performance.slices(found, given.gates.slices),
            *performance.calibration(found, given.gates.calibration),
        ]
        blocked += [[check.name for check in checks if check.blocks]]
    assert sum(bool(names) for names in blocked) <= 1, blocked
