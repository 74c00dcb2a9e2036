"""merge-lane verify-data: what dvc.lock names is what is here, byte by byte."""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path

import dvc_project
import pytest

from merge_lane.cli import main
from merge_lane.errors import IntegrityError
from merge_lane.repository.integrity import tree_hash, verify


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    return dvc_project.make(tmp_path_factory.mktemp("integrity") / "made")


@pytest.fixture
def project(made, tmp_path):
    return Path(shutil.copytree(made, tmp_path / "project", symlinks=True))


def cached(project, md5):
    return project / ".dvc" / "cache" / "files" / "md5" / md5[:2] / md5[2:]


def md5_in_lock(project, path):
    lines = (project / "dvc.lock").read_text().splitlines()
    position = next(i for i, line in enumerate(lines) if line.endswith(f"path: {path}"))
    return next(line.split()[-1] for line in lines[position:] if "md5:" in line and "hash:" not in line)


def test_an_untouched_project_is_quiet(project, capsys):
    assert main(["verify-data", "--root", str(project)]) == 0
    assert capsys.readouterr().out.startswith("verify-data: 7 files and 5 cache objects are what")


def test_a_flipped_bit_in_an_output_is_refused_though_its_size_and_time_are_unchanged(project, capsys):
    expected = md5_in_lock(project, "raw/a.txt")
    dvc_project.flip(project / "raw" / "a.txt")

    assert main(["verify-data", "--root", str(project)]) == 15

    message = capsys.readouterr().err
    assert f"raw/a.txt (stage ingest@a): expected {expected}, found " in message
    assert "next:  dvc checkout --force raw/a.txt" in message


def test_a_flipped_bit_inside_an_output_directory_names_the_file(project):
    dvc_project.flip(project / "model" / "trees.bin")
    (problem,) = verify(project, ["train"], outputs_only=True).altered
    assert (problem.path, problem.stage) == ("model/trees.bin", "train")


def test_a_directory_whose_listing_is_not_in_the_cache_is_named_as_a_whole(project):
    shutil.rmtree(project / ".dvc" / "cache")
    dvc_project.flip(project / "model" / "trees.bin")
    (problem,) = verify(project, ["train"], outputs_only=True).altered
    assert (problem.path, problem.expected) == ("model", md5_in_lock(project, "model"))


def test_a_foreign_file_in_an_output_directory_is_refused(project):
    (project / "model" / "extra.bin").write_text("not of this run")
    (problem,) = verify(project, ["train"], outputs_only=True).altered
    assert (problem.path, problem.expected) == ("model/extra.bin", "no such file")


def test_a_file_that_dvcignore_names_is_not_part_of_a_directory(project):
    with (project / ".dvcignore").open("a") as stream:
        stream.write("*.swp\n")
    (project / "model" / "trees.swp").write_text("an editor's")
    assert not verify(project).altered


def test_a_damaged_cache_object_is_refused_before_dvc_checks_it_out_unseen(project):
    """DVC brings the damaged bytes into the workspace with exit code 0: this is why the check exists."""
    damaged = cached(project, md5_in_lock(project, "raw/a.txt"))
    dvc_project.flip(damaged)

    report = verify(project, ["ingest"])
    with pytest.raises(IntegrityError, match=r"raw/a\.txt \(stage ingest@a\)") as caught:
        report.require()
    assert f"rm -f {damaged}" in caught.value.next

    (project / "raw" / "a.txt").unlink()
    assert dvc_project.dvc(project, "checkout", "raw/a.txt").returncode == 0
    assert {problem.path for problem in verify(project, ["ingest"]).altered} >= {"raw/a.txt"}


def test_a_damaged_cache_object_inside_a_directory_is_refused(project):
    listing = json.loads(cached(project, md5_in_lock(project, "model")).read_bytes())
    dvc_project.flip(cached(project, listing[0]["md5"]))
    (problem,) = verify(project, ["train"]).altered
    assert problem.path.endswith("for model/codes.bin")


def test_a_manifest_kept_in_git_is_checked_too(project):
    dvc_project.flip(project / "manifest.json")
    assert [problem.path for problem in verify(project).altered] == ["manifest.json"]


def test_code_that_changed_since_the_run_points_to_dvc_repro(project):
    (project / "code.py").write_text("print(1)\n")
    (problem,) = verify(project).altered
    assert problem.next.startswith("dvc repro, if code.py was changed on purpose")
    assert problem.next.endswith("bring it back: git checkout -- code.py")
    assert not verify(project, outputs_only=True).altered


def test_a_lock_merged_as_text_from_two_honest_ones_is_refused(project):
    """Git can join two locks into a run that never happened; DVC then says that all is up to date."""
    lock = project / "dvc.lock"
    ours, theirs = md5_in_lock(project, "code.py"), "f" * 32
    lock.write_text(lock.read_text().replace(ours, theirs))
    (problem,) = verify(project).altered
    assert (problem.stage, problem.path, problem.expected) == ("train", "code.py", theirs)


def test_files_that_were_not_pulled_are_missing_not_altered(project, capsys):
    dvc_project.wipe_local(project)
    assert main(["verify-data", "--root", str(project)]) == 15
    assert "next:  dvc pull" in capsys.readouterr().err
    assert main(["verify-data", "--root", str(project), "--allow-missing"]) == 0
    assert "4 files are not here" in capsys.readouterr().out


def test_only_the_named_stages_are_checked_and_a_matrix_stage_means_all_of_its_runs(project):
    dvc_project.flip(project / "raw" / "b.txt")
    assert verify(project, ["ingest"]).altered
    assert not verify(project, ["ingest@a"]).altered


def test_progress_is_told_for_every_entry(project):
    told = []
    verify(project, ["ingest"], progress=lambda done, total: told.append((done, total)))
    assert told == [(1, 2), (2, 2)]


@pytest.mark.parametrize(
    ("content", "code", "message"),
    [
        ("<<<<<<< HEAD\nstages:\n", 22, "cannot be read"),
        ("schema: '2.0'\n", 22, "cannot be read"),
        (None, 15, "no dvc.lock"),
    ],
)
def test_a_lock_that_cannot_be_read_is_refused(tmp_path, capsys, content, code, message):
    """A damaged dvc.lock and a missing one have exit codes of their own."""
    if content is not None:
        (tmp_path / "dvc.lock").write_text(content)
    assert main(["verify-data", "--root", str(tmp_path)]) == code
    assert message in capsys.readouterr().err


def test_an_entry_kept_outside_is_listed_as_unchecked(tmp_path, capsys):
    (tmp_path / "dvc.lock").write_text(
        "stages:\n  a:\n    deps:\n    - path: s3://bucket/key\n      etag: abc\n"
    )
    assert main(["verify-data", "--root", str(tmp_path)]) == 0
    assert "not checked, kept outside: s3://bucket/key" in capsys.readouterr().out


def test_the_hash_of_a_directory_is_dvcs(project):
    digests = {
        item["relpath"]: item["md5"]
        for item in json.loads(cached(project, md5_in_lock(project, "model")).read_bytes())
    }
    assert tree_hash(digests) == md5_in_lock(project, "model")


def test_within_a_run_the_lock_names_what_the_stages_before_have_just_made(project):
    """So that a stage can check what it reads while DVC is still at work."""
    pipeline = (project / "dvc.yaml").read_text().replace("rows of", "new rows of")
    check = f"{sys.executable} -m merge_lane verify-data --stage ingest"
    pipeline = pipeline.replace(
        "    cmd:\n      - mkdir -p model", f"    cmd:\n      - {check}\n      - mkdir -p model"
    )
    (project / "dvc.yaml").write_text(pipeline)
    ran = dvc_project.dvc(project, "repro")
    assert ran.returncode == 0, ran.stderr
    assert "verify-data: 2 files" in ran.stdout


def test_no_model_is_trained_on_features_that_were_altered_behind_dvcs_back(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    shutil.copy(dvc_project.ROOT / "params.yaml", "params.yaml")
    features = Path("data/features.parquet")
    features.parent.mkdir()
    features.write_bytes(b"altered")
    recorded = "    - path: data/features.parquet\n      hash: md5\n      md5: " + "a" * 32
    Path("dvc.lock").write_text(f"stages:\n  featurize:\n    outs:\n{recorded}\n")
    assert main(["train"]) == 15
    assert "data/features.parquet (stage featurize)" in capsys.readouterr().err
    assert not Path("models").exists()
