"""The Makefile: grouped, short, and nothing of the template in a project's."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "Makefile").read_text()
TEMPLATE = (ROOT / "template-only/targets.mk").read_text()
TARGET = re.compile(r"^([a-z][a-z-]*):(?!=)", re.MULTILINE)
DESCRIBED = re.compile(r"^([a-z-]+):.*## ", re.MULTILINE)
MAX_FOR_PEOPLE = 25


def make(*arguments: str, cwd: Path = ROOT, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run make as a person does; make's own variables of a make around the tests are left out."""
    base = {name: value for name, value in os.environ.items() if not name.startswith("MAKE")}
    base = {name: value for name, value in base.items() if name not in ("MFLAGS", "BASE", "CI", "READ_ONLY")}
    return subprocess.run(
        ["make", *arguments],
        cwd=cwd,
        env={**base, **environment},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.fixture
def project(tmp_path):
    """A project: the Makefile, a set-up that is ready, and the library as a wheel."""
    shutil.copy(ROOT / "Makefile", tmp_path)
    for name in ("requirements/all.txt", "requirements/build.txt", "pyproject.toml", ".venv/.ready"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    (tmp_path / "vendor").mkdir()
    wheel = tmp_path / "vendor/merge_lane-0.2.0-py3-none-any"
    shutil.make_archive(str(wheel), "zip", ROOT / "library/src")
    wheel.with_name(f"{wheel.name}.zip").rename(wheel.with_name(f"{wheel.name}.whl"))
    (tmp_path / ".venv/.ready").touch()  # after all that it depends on
    return tmp_path


def listed(*names: str) -> set[str]:
    """Return the words of variables or targets that the Makefile defines on one logical line each."""
    logical = TEXT.replace("\\\n", " ")
    lines = [re.search(rf"^{re.escape(name)} ?:?=? ?(.*)$", logical, re.MULTILINE)[1] for name in names]
    return set(" ".join(lines).split()) - {"$(STEPS)"}


def test_help_is_grouped():
    """`make help` has a heading for each group, and the exit codes explained."""
    result = make("help")
    assert result.returncode == 0, result.stderr
    headings = re.findall(r"^([A-Z]\w+)(?: .*)?$", result.stdout.partition("\nWhatever")[0], re.MULTILINE)
    assert headings == ["Work", "Review", "Deploy", "The", "Steps"]
    assert "GNU make ends with 2" in result.stdout
    assert ".venv/bin/merge-lane VERB" in result.stdout


def test_help_is_short():
    """A person chooses from at most 25 targets, also here, where the template adds its own."""
    targets = re.findall(r"^  make ([a-z-]+) ", make("help").stdout, re.MULTILINE)
    assert targets == [*DESCRIBED.findall(TEXT), *DESCRIBED.findall(TEMPLATE)]
    assert 10 < len(targets) <= MAX_FOR_PEOPLE


def test_help_of_a_project_lacks_the_template(project):
    """What does not ship is not listed."""
    text = make("help", cwd=project).stdout
    targets = re.findall(r"^  make ([a-z-]+) ", text, re.MULTILINE)
    assert targets == DESCRIBED.findall(TEXT)
    assert "The template" not in text
    assert not any(name in TEXT for name in ("infra-check", "infra-test", "bench", "template-only/tests"))


def test_every_target_is_phony():
    """One `.PHONY` names every target, so that no file of that name stops one."""
    assert len(re.findall(r"^\.PHONY", TEXT, re.MULTILINE)) == 1
    assert listed(".PHONY", "STEPS") == set(TARGET.findall(TEXT))
    assert listed(".PHONY") == {"help", *DESCRIBED.findall(TEXT)}
    phony = re.search(r"^\.PHONY: (.*)$", TEMPLATE, re.MULTILINE)[1].split()
    assert set(phony) == set(TARGET.findall(TEMPLATE)) - {"lint"}


def test_steps_are_the_workflows():
    """What is not for people is what a workflow runs, and nothing else."""
    files = [path for path in (ROOT / ".github").rglob("*.yml") if not path.name.startswith("template-only")]
    runs = set(re.findall(r"run: make ([a-z-]+)$", "".join(path.read_text() for path in files), re.MULTILINE))
    assert listed("STEPS") == runs - set(DESCRIBED.findall(TEXT))
    assert runs <= set(TARGET.findall(TEXT))


def test_promised_targets_exist():
    """CONTRIBUTING names targets that `make help` lists."""
    text = (ROOT / ".github/CONTRIBUTING.md").read_text()
    promised = set(re.findall(r"(?:^|`)make ([a-z-]+)", text, re.MULTILINE))
    assert promised
    assert promised <= {"help", *DESCRIBED.findall(TEXT)}


ODD = '"; touch escaped; echo "$(touch escaped)`touch escaped`'


@pytest.mark.parametrize(
    ("target", "variable"),
    [
        ("ci-train", "BASE"), ("ci-commit", "HEAD_BRANCH"), ("ci-review", "BASE"), ("lock", "BASE"),
        ("review", "BASE"), ("report", "BASE"), ("serve", "PORT"), ("mlflow", "MLFLOW_PORT"),
        ("deploy", "ENVIRONMENT"), ("rollback", "ENVIRONMENT"),
    ],
)  # fmt: skip
def test_value_is_no_part_of_a_shell_line(project, target, variable):
    """A branch may be called anything: its name arrives as one argument, and runs nothing."""
    double = project / ".venv/bin/merge-lane"
    double.parent.mkdir()
    double.write_text('#!/bin/sh\nprintf "<%s>" "$@" >>calls\n')
    double.chmod(0o755)
    shutil.copy(double, double.with_name("mlflow"))
    result = make(target, cwd=project, HEAD_SHA="a" * 40, **{"HEAD_BRANCH": "x", variable: ODD})
    assert result.returncode == 0, result.stderr
    assert f"<{ODD}>" in (project / "calls").read_text()
    assert not (project / "escaped").exists()


def test_value_of_the_command_line_is_one(project):
    """`make review BASE=REV` is what people type; without it main is the base."""
    assert 'review ${BASE:+--base "$BASE"}' in make("-n", "review", cwd=project, BASE="v1").stdout
    double = project / ".venv/bin/merge-lane"
    double.parent.mkdir()
    double.write_text('#!/bin/sh\necho "$@"\n')
    double.chmod(0o755)
    assert make("review", "BASE=v1", cwd=project).stdout == "review --base v1\n"
    assert make("review", cwd=project).stdout == "review\n"


def test_read_only_uses_no_remote(project):
    """A fork neither pulls from nor pushes to the remote."""
    assert "--no-remote" in make("-n", "ci-train", cwd=project, READ_ONLY="true").stdout
    assert "--no-remote" not in make("-n", "ci-train", cwd=project, READ_ONLY="false").stdout


@pytest.mark.parametrize(
    "steps",
    [["ci-pass", "ci-dispatch", "ci-plan", "fetch-cml", "post-report", "ci-fork-report", "ci-verify-image"]],
)
def test_steps_without_set_up(project, steps):
    """They run from the wheel of a project before anything is installed."""
    (project / ".venv/.ready").unlink()
    for step in steps:
        result = make(step, cwd=project, CML_URL="http://plain", GH_TOKEN="", NEEDS="", REPOSITORY="")
        assert "error: " in result.stderr, result.stderr
        assert "No module named" not in result.stderr
        assert "Traceback" not in result.stderr
        assert not (project / ".venv/.ready").exists()


def test_required_check_passes_from_the_wheel(project):
    """The one required check needs Python and nothing else."""
    jobs = dict.fromkeys(("check", "train", "review", "plan", "commit", "report"), '{"result": "success"}')
    needs = ", ".join(f'"{name}": {job}' for name, job in jobs.items())
    result = make("ci-pass", cwd=project, NEEDS=f"{{{needs}}}")
    assert (result.returncode, result.stdout) == (0, "pass: this commit may be merged\n"), result.stderr


def test_jobs_without_set_up_call_steps_without_set_up():
    """A job that installs nothing calls only targets that need nothing installed."""
    ready = set(re.findall(r"^([a-z-]+): .*\bsetup\b", TEXT, re.MULTILINE))
    found = []
    for path in (ROOT / ".github/workflows").glob("*.yml"):
        for name, job in yaml.safe_load(path.read_text())["jobs"].items():
            steps = job.get("steps", [])
            if any(
                "actions/setup" in step.get("uses", "") and "setup-terraform" not in step["uses"]
                for step in steps
            ):
                continue
            targets = {step["run"].removeprefix("make ") for step in steps if "run" in step}
            found += [f"{path.name}: {name}: {target}" for target in targets & ready]
    assert found == []
