"""library.yaml holds one hash per stage of the library's code, and nothing else changes it."""

import re
import shutil
import zipfile
from pathlib import Path

import dvc_project
import pytest
import yaml

import merge_lane
from merge_lane.cli import main
from merge_lane.errors import FingerprintError
from merge_lane.repository import closure, fingerprints
from merge_lane.settings.params import Data, Evaluate, Split, Train

SOURCE = Path(merge_lane.__file__).parent.parent


@pytest.fixture(scope="module")
def sources():
    """Return the modules of this library. Read only."""
    return fingerprints.installed_sources()


def changed(sources, module, addition):
    """Return the stages whose fingerprint another end of a module changes."""
    before = fingerprints.of(sources)
    after = fingerprints.of({**sources, module: sources[module] + addition})
    return [stage for stage in fingerprints.STAGES if before[stage] != after[stage]]


@pytest.mark.parametrize(
    ("module", "stages"),
    [
        ("merge_lane.stages.document", ["document"]),
        ("merge_lane.data.schema", ["ingest", "validate", "featurize", "train"]),
        ("merge_lane.contract", ["ingest", "validate", "featurize", "train"]),
        ("merge_lane.features", ["featurize", "train", "evaluate", "document"]),
        ("merge_lane.model.convert", ["train"]),
        ("merge_lane.metrics.bootstrap", ["evaluate"]),
        ("merge_lane.system.files", [*fingerprints.STAGES]),
        ("merge_lane", [*fingerprints.STAGES]),
        ("merge_lane.version", []),
        ("merge_lane.errors", []),
        ("merge_lane.settings.gates", []),
        ("merge_lane.repository.integrity", []),
        ("merge_lane.commands.pipeline", []),
        ("merge_lane.review.run", []),
        ("merge_lane.production.serve.app", []),
    ],
)
def test_change_of_a_module_reaches_the_stages_that_use_it(sources, module, stages):
    """A stage reruns when a module changes that it imports, and only then."""
    assert changed(sources, module, "NEW = 1\n") == stages


@pytest.mark.parametrize("addition", ["# why\n", '"""What it is."""\n', "\n\n"])
def test_words_change_no_fingerprint(sources, addition):
    """Comments, docstrings and blank lines retrain nothing."""
    assert changed(sources, "merge_lane.stages.train", addition) == []


def test_new_import_is_followed(sources):
    """A module that a stage starts to import belongs to the stage from then on."""
    started = {**sources, "merge_lane.stages.ingest": "def run():\n    from merge_lane.review import run\n"}
    assert changed(started, "merge_lane.review.run", "NEW = 1\n") == ["ingest"]


def test_verb_of_a_stage_counts(sources):
    """It passes parameters and paths to the stage."""
    verbs = "merge_lane.commands.pipeline"
    other = sources[verbs].replace("stage.document(BUNDLE, REPORTS,", "stage.document(BUNDLE, RAW,")
    before, after = fingerprints.of(sources), fingerprints.of({**sources, verbs: other})
    assert [stage for stage in before if before[stage] != after[stage]] == ["document"]


def test_stages_use_few_modules(sources):
    """A stage that starts to import a large room would rerun with each change in it."""
    sizes = {stage: len(fingerprints.counted(stage, sources)) for stage in fingerprints.STAGES}
    assert max(sizes.values()) <= 32, sizes


def test_params_of_stages_have_no_default():
    """A changed default would change a model without a change that DVC compares."""
    optional = [
        name
        for section in (Data, Split, Train, Evaluate)
        for name, field in section.model_fields.items()
        if not field.is_required()
    ]
    assert optional == ["monotone"]  # no constraint at all


def test_wheel_has_the_fingerprints_of_its_source(tmp_path, sources):
    """A project that gets the library as a wheel compares the same values."""
    wheel = pack(tmp_path, "1.0", sources)
    assert fingerprints.of(fingerprints.wheel_sources(wheel)) == fingerprints.of(sources)


def test_windows_newlines_do_not_count(tmp_path, sources):
    """A checkout on Windows describes the same library."""
    wheel = pack(tmp_path, "1.0", {name: text.replace("\n", "\r\n") for name, text in sources.items()})
    assert fingerprints.of(fingerprints.wheel_sources(wheel)) == fingerprints.of(sources)


def pack(root, version, sources):
    """Write a wheel with these modules into vendor/ of a project."""
    (root / "vendor").mkdir(exist_ok=True)
    wheel = root / "vendor" / f"merge_lane-{version}-py3-none-any.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        for module, text in sources.items():
            package = any(name.startswith(f"{module}.") for name in sources) or module.count(".") == 0
            path = module.replace(".", "/") + ("/__init__.py" if package else ".py")
            archive.writestr(path, text)
    return wheel


def run(root, *options):
    """Run the verb in a project and return its exit code."""
    return main(["fingerprints", "--root", str(root), *options])


def test_fresh_file_passes_the_check(tmp_path, capsys):
    """What --write writes, --check accepts, and a second --write keeps."""
    assert run(tmp_path, "--write") == 0
    assert "new ones: ingest, validate" in capsys.readouterr().out
    assert run(tmp_path, "--check") == 0
    before = (tmp_path / "library.yaml").stat().st_mtime_ns
    assert run(tmp_path, "--write") == 0
    assert (tmp_path / "library.yaml").stat().st_mtime_ns == before
    assert "is fresh" in capsys.readouterr().out


def test_printed_is_what_is_written(tmp_path, capsys):
    """Without an option the verb only prints."""
    assert run(tmp_path) == 0
    printed = capsys.readouterr().out
    assert not (tmp_path / "library.yaml").exists()
    run(tmp_path, "--write")
    assert (tmp_path / "library.yaml").read_text() == printed
    assert list(yaml.safe_load(printed)["stages"]) == list(fingerprints.STAGES)


@pytest.mark.parametrize("text", [None, "", "<<<<<<< HEAD\nstages:\n", "[]", "stages: 1"])
def test_file_without_fingerprints_is_stale(tmp_path, text, capsys):
    """A missing file, and the markers of a merge conflict, fail the check; --write replaces them."""
    if text is not None:
        (tmp_path / "library.yaml").write_text(text)
    assert run(tmp_path, "--check") == 24
    assert "library.yaml is stale: ingest, validate, featurize" in capsys.readouterr().err
    assert run(tmp_path, "--write") == 0
    assert run(tmp_path, "--check") == 0


def test_stale_stage_is_named(tmp_path, capsys):
    """The message names the stage and the next step."""
    run(tmp_path, "--write")
    path = tmp_path / "library.yaml"
    path.write_text(re.sub(r'train: "\w+"', 'train: "0000"', path.read_text()))
    assert run(tmp_path, "--check") == 24
    message = capsys.readouterr().err
    assert "library.yaml is stale: train." in message
    assert "next:  merge-lane fingerprints --write" in message


def test_file_in_another_form_is_stale(tmp_path, capsys):
    """Only the bytes that --write writes pass, so that there is one form."""
    run(tmp_path, "--write")
    path = tmp_path / "library.yaml"
    path.write_text(path.read_text() + "# mine\n")
    assert run(tmp_path, "--check") == 24
    assert "library.yaml is stale: library.yaml." in capsys.readouterr().err


def test_project_with_the_installed_wheel_is_checked(tmp_path, sources):
    """A generated project after `make setup`."""
    pack(tmp_path, "1.0", sources)
    assert run(tmp_path, "--write") == 0


@pytest.mark.parametrize("option", ["--check", "--write"])
def test_wheel_that_is_not_installed_is_refused(tmp_path, sources, option, capsys):
    """An update brought a wheel; the hook must not write the fingerprints of the previous one."""
    pack(tmp_path, "2.0", {**sources, "merge_lane.stages.train": "NEW = 1\n"})
    assert run(tmp_path, option) == 24
    message = capsys.readouterr().err
    assert "not the one in vendor/merge_lane-2.0-py3-none-any.whl" in message
    assert "next:  make setup" in message
    assert not (tmp_path / "library.yaml").exists()


def test_two_wheels_are_refused(tmp_path, sources):
    """Nobody can tell which one the project depends on."""
    pack(tmp_path, "1.0", sources)
    pack(tmp_path, "2.0", sources)
    with pytest.raises(FingerprintError, match="2 versions"):
        fingerprints.current(tmp_path)


def test_damaged_wheel_is_refused(tmp_path):
    """A merge conflict in a binary file leaves anything."""
    (tmp_path / "vendor").mkdir()
    (tmp_path / "vendor/merge_lane-1.0-py3-none-any.whl").write_bytes(b"x")
    with pytest.raises(FingerprintError, match="not a wheel"):
        fingerprints.current(tmp_path)


def test_other_source_tree_is_refused(tmp_path, sources):
    """The library of this tree must be the one that is installed."""
    shutil.copytree(SOURCE / "merge_lane", tmp_path / "library/src/merge_lane")
    assert fingerprints.current(tmp_path) == fingerprints.of(sources)
    with (tmp_path / "library/src/merge_lane/stages/train.py").open("a") as stream:
        stream.write("NEW = 1\n")
    with pytest.raises(FingerprintError, match="library/src"):
        fingerprints.current(tmp_path)


@pytest.mark.parametrize("module", ["commands.pipeline", "commands.serve", "commands.storage"])
def test_no_run_reads_the_file(sources, module):
    """DVC alone compares library.yaml: the verbs of the pipeline and the server never open it."""
    modules = closure.closure([f"merge_lane.{module}"], sources)
    assert [name for name in modules if fingerprints.FILE in closure.code(sources[name])] == []


PIPELINE = """\
stages:
  ingest:
    matrix:
      month: [a, b]
    cmd: mkdir -p raw && printf rows > raw/${item.month}.txt
    params:
      - library.yaml:
          - stages.ingest
    outs:
      - raw/${item.month}.txt
  train:
    cmd: cat raw/* > model.bin
    params:
      - size
      - library.yaml:
          - stages.train
    deps:
      - raw
    outs:
      - model.bin
"""


def ran(project):
    """Run the pipeline; return the stages whose command ran."""
    result = dvc_project.dvc(project, "repro")
    assert result.returncode == 0, result.stderr
    return re.findall(r"^Running stage '([^']+)'", result.stdout, re.MULTILINE)


def record(project, ingest, train):
    """Write fingerprints and return the lock that DVC then writes."""
    (project / "library.yaml").write_text(fingerprints.text({"ingest": ingest, "train": train}))
    return ran(project), (project / "dvc.lock").read_bytes()


@pytest.mark.slow
def test_dvc_reruns_the_stage_whose_fingerprint_changed(tmp_path):
    """Matrix stages and the run cache work with library.yaml; the same bytes stop the rerun there."""
    (tmp_path / ".dvc").mkdir()
    (tmp_path / ".git").mkdir()
    (tmp_path / ".dvc/config").write_text("[core]\n    no_scm = true\n")
    (tmp_path / "dvc.yaml").write_text(PIPELINE)
    (tmp_path / "params.yaml").write_text("size: 1\n")
    stages, first = record(tmp_path, "1", "1")
    assert sorted(stages) == ["ingest@a", "ingest@b", "train"]
    assert record(tmp_path, "1", "1")[0] == []
    stages, second = record(tmp_path, "2e5", "1")
    assert sorted(stages) == ["ingest@a", "ingest@b"]
    assert fingerprints.reruns(first, second) == [fingerprints.Rerun("ingest", same_bytes=True)]
    assert record(tmp_path, "1", "1")[0] == []  # restored from the run cache


LOCK = """\
schema: '2.0'
stages:
  {name}:
    cmd: x
    params: {{library.yaml: {{stages.train: '{value}'}}}}
    outs: [{{path: model, md5: '{md5}'}}]
"""


def lock(value, md5="a", name="train"):
    """Return a lock of one stage."""
    return LOCK.format(value=value, md5=md5, name=name).encode()


def test_rerun_with_other_bytes_is_told_apart():
    """A reviewer sees whether new code made a new model."""
    assert fingerprints.reruns(lock("1"), lock("2", "b")) == [fingerprints.Rerun("train", same_bytes=False)]


def test_same_fingerprint_is_no_rerun():
    """Other outputs then have another cause."""
    assert fingerprints.reruns(lock("1"), lock("1", "b")) == []


@pytest.mark.parametrize("before", [None, b"schema: '2.0'\nstages: {train: {outs: []}}"])
def test_lock_without_fingerprints_tells_of_no_rerun(before):
    """main may have no lock yet, or one from before there were fingerprints."""
    assert fingerprints.reruns(before, lock("1")) == []
