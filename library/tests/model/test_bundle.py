"""A bundle is loaded whole and unaltered, or not at all."""

import json
import os
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import toy

from merge_lane.data.columns import Column, Schema
from merge_lane.errors import BundleError, ContractError, WriteError
from merge_lane.model import bundle, convert, sealed_files
from merge_lane.model.export import export
from merge_lane.system import files

TASKS = ("binary", "multiclass", "regression")
ALL_FILES = (*sealed_files.FILES, sealed_files.MANIFEST)


@pytest.fixture
def copy(toy_directory, tmp_path):
    return shutil.copytree(toy_directory, tmp_path / "models")


def precision(scores):
    """1e-5 for probabilities, and of the largest value for a regression (float32 sums)."""
    return 1e-5 * max(1.0, np.abs(scores).max())


def refusal(directory, **given):
    """Return the text of the refusal to load `directory`."""
    with pytest.raises(BundleError) as caught:
        bundle.load(directory, build=toy.build, **given)
    assert caught.value.where
    assert caught.value.next
    return str(caught.value)


def test_the_hash_is_the_sha256_of_the_manifest(toy_directory, toy_bundle):
    assert toy_bundle.hash == files.digest(toy_directory / sealed_files.MANIFEST)
    assert toy_bundle.manifest["inputs"] == toy.INPUTS


@pytest.mark.parametrize("task", TASKS)
def test_onnx_and_xgboost_agree_on_every_row(task, tmp_path):
    toy.export(tmp_path / "models", task)
    loaded = bundle.load(tmp_path / "models", build=toy.build)
    scores = loaded.predict(toy.arrays())
    np.testing.assert_allclose(scores, toy.xgboost_scores(loaded, toy.arrays()), atol=precision(scores))
    assert scores.shape == ((800, 3) if task == "multiclass" else (800,))
    assert scores.std() > 0.05


@pytest.mark.parametrize("task", TASKS)
def test_predictions_are_those_of_the_best_round(task, tmp_path):
    booster, _, matrix = toy.trained(task)
    assert booster.num_boosted_rounds() > booster.best_iteration + 1
    toy.export(tmp_path / "models", task)
    best = booster.inplace_predict(
        matrix, iteration_range=(0, booster.best_iteration + 1), validate_features=False
    )
    scores = bundle.load(tmp_path / "models", build=toy.build).predict(toy.arrays())
    np.testing.assert_allclose(scores, best, atol=precision(scores))


def test_a_model_without_early_stopping_is_whole(tmp_path):
    import xgboost

    _, _, matrix = toy.trained("binary")
    data = xgboost.DMatrix(matrix, toy.arrays()["holiday"])
    booster = xgboost.train({**toy.OBJECTIVES["binary"], "nthread": 1}, data, 7)
    export(tmp_path / "models", booster, **toy.parts("binary"))
    assert bundle.load(tmp_path / "models", build=toy.build).manifest["best_iteration"] == 6


def test_a_row_scores_the_same_alone_and_among_others(toy_bundle):
    together = toy_bundle.predict(toy.arrays())
    alone = [toy_bundle.predict({k: v[i : i + 1] for k, v in toy.arrays().items()})[0] for i in range(50)]
    assert alone == together[:50].tolist()


def test_exporting_twice_gives_the_same_bytes_whatever_the_hash_seed(toy_directory, tmp_path):
    script = "import sys, toy; toy.export(sys.argv[1])"
    environment = {**os.environ, "PYTHONHASHSEED": "1", "PYTHONPATH": str(Path(toy.__file__).parent)}
    command = [sys.executable, "-W", "ignore", "-c", script, str(tmp_path / "again")]
    subprocess.run(command, env=environment, check=True, timeout=60)
    for name in ALL_FILES:
        assert (tmp_path / "again" / name).read_bytes() == (toy_directory / name).read_bytes(), name


@pytest.mark.parametrize("name", ALL_FILES)
@pytest.mark.parametrize("place", [0.01, 0.5, 0.99])
def test_a_flipped_bit_is_refused(copy, name, place):
    data = bytearray((copy / name).read_bytes())
    data[int(place * len(data))] ^= 4
    (copy / name).write_bytes(data)
    assert name in refusal(copy)


@pytest.mark.parametrize("name", ALL_FILES)
def test_a_truncated_file_is_refused(copy, name):
    data = (copy / name).read_bytes()
    (copy / name).write_bytes(data[: len(data) // 2])
    assert name in refusal(copy)


@pytest.mark.parametrize("name", ALL_FILES)
def test_a_missing_file_is_named(copy, name):
    (copy / name).unlink()
    assert f"lacks {name}" in refusal(copy)


def test_an_additional_file_is_refused(copy):
    (copy / "model.pkl").write_bytes(b"anything")
    assert "model.pkl" in refusal(copy)


def test_the_gitignore_of_dvc_is_tolerated(copy):
    (copy / ".gitignore").write_text("/model.onnx\n")
    assert bundle.load(copy, build=toy.build).hash


def test_a_file_of_another_model_is_refused(copy, tmp_path):
    toy.export(tmp_path / "other", "regression")
    shutil.copy(tmp_path / "other" / "model.ubj", copy / "model.ubj")
    assert "model.ubj" in refusal(copy)


def test_no_loader_sees_an_altered_byte(copy, monkeypatch):
    import onnxruntime

    (copy / "model.onnx").write_bytes(b"x" * (copy / "model.onnx").stat().st_size)
    monkeypatch.setattr(onnxruntime, "InferenceSession", lambda *_, **__: pytest.fail("a loader ran"))
    monkeypatch.setattr(bundle.Encoding, "from_json", lambda _: pytest.fail("a loader ran"))
    assert "altered" in refusal(copy)


def test_the_loader_gets_the_bytes_that_were_checked(copy):
    loaded = bundle.load(copy, build=toy.build)
    before = toy.xgboost_scores(loaded, toy.arrays())
    for name in sealed_files.FILES:
        (copy / name).write_bytes(b"changed after the check")
    np.testing.assert_allclose(loaded.predict(toy.arrays()), before, rtol=1e-5, atol=1e-5)


def test_another_model_than_the_expected_one_is_refused(copy, toy_bundle):
    assert "expected is 000000000000" in refusal(copy, expected="0" * 64)
    assert bundle.load(copy, build=toy.build, expected=toy_bundle.hash).hash == toy_bundle.hash


def test_a_directory_that_is_not_there_is_refused(tmp_path):
    assert "There is no model bundle" in refusal(tmp_path / "nowhere")


def test_a_bundle_of_another_format_is_refused(copy):
    content = json.loads((copy / sealed_files.MANIFEST).read_text())
    (copy / sealed_files.MANIFEST).write_bytes(
        sealed_files.json_bytes(sealed_files.sealed({**content, "format": 99}))
    )
    assert "format 99" in refusal(copy)


def test_features_that_changed_after_training_fail_the_self_test(toy_directory):
    bundle.load(toy_directory, build=toy.build).self_test()
    changed = bundle.load(toy_directory, build=lambda a: {**toy.build(a), "hour": toy.build(a)["hour"] + 12})
    with pytest.raises(BundleError, match="its own example"):
        changed.self_test()


def test_a_contract_without_examples_has_a_plain_self_test(tmp_path):
    columns = tuple(Column(c.name, c.dtype, c.role, c.known, nullable=c.nullable) for c in toy.SCHEMA)
    toy.export(tmp_path / "models", schema=Schema(columns))
    loaded = bundle.load(tmp_path / "models", build=toy.build)
    assert loaded.manifest["self_test"] is None
    loaded.self_test()


def test_features_only_ever_see_what_is_known_in_time(toy_bundle):
    seen = []
    spy = replace(toy_bundle, build=lambda a: seen.extend(a) or toy.build(a))
    spy.predict({**toy.arrays(), "late_start": np.zeros(800), "late": np.zeros(800)})
    assert seen == [column.name for column in toy.SCHEMA.request]


def test_rows_without_a_column_are_refused_by_its_name(toy_bundle):
    rows = {name: values for name, values in toy.arrays().items() if name != "wind"}
    with pytest.raises(ContractError, match="lack wind"):
        toy_bundle.predict(rows)


def test_a_model_that_the_converter_gets_wrong_is_not_written(tmp_path, monkeypatch):
    monkeypatch.setattr(convert, "TOLERANCE", -1.0)
    with pytest.raises(BundleError, match="disagree"):
        toy.export(tmp_path / "models")
    assert list(tmp_path.iterdir()) == []


def test_a_full_disk_leaves_the_former_bundle_and_nothing_else(copy, tmp_path, monkeypatch):
    former = (copy / sealed_files.MANIFEST).read_bytes()

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(files, "_flush_to_disk", full)
    with pytest.raises(WriteError, match="No space left"):
        toy.export(copy, "regression")
    assert (copy / sealed_files.MANIFEST).read_bytes() == former
    assert [path.name for path in tmp_path.iterdir()] == ["models"]


def test_a_new_bundle_replaces_the_former_whole_and_keeps_the_gitignore(copy):
    (copy / ".gitignore").write_text("/model.onnx\n")
    new = toy.export(copy, "regression")
    assert bundle.load(copy, build=toy.build).hash == new
    assert (copy / ".gitignore").read_text() == "/model.onnx\n"


def test_a_bundle_holds_no_pickle(toy_directory):
    for path in toy_directory.iterdir():
        assert not path.read_bytes().startswith((b"\x80\x02", b"\x80\x03", b"\x80\x04", b"\x80\x05")), path
