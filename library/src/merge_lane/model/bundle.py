"""A model on disk: ONNX and xgboost, contract, encoding, reference profile, and a manifest of hashes.

Nothing is pickled. `load` reads each file once, compares those very bytes with the manifest, and only then
hands them to a loader: a damaged xgboost file can crash the process or score wrongly without a word.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from merge_lane import project
from merge_lane.data import rows
from merge_lane.data.columns import Schema
from merge_lane.errors import BundleError, ContractError
from merge_lane.model import learners
from merge_lane.model.encode import Encoding
from merge_lane.model.sealed_files import (
    FORMAT,
    MANIFEST,
    REBUILD,
    TOLERATED,
    json_bytes,
    listed,
    sealed,
    verified,
)
from merge_lane.system.files import atomic_directory

if TYPE_CHECKING:
    from collections.abc import Callable

    from merge_lane.data.columns import Arrays

    Build = Callable[[Arrays], Arrays]

OUTPUTS = {"binary": "probabilities", "multiclass": "probabilities", "regression": "variable"}
"""The output of the ONNX graph that holds the scores, by task."""

SELF_TEST_TOLERANCE = 1e-5


@dataclass(frozen=True)
class Bundle:
    """A verified model, ready to score. `hash` identifies it everywhere: it is the sha256 of the manifest."""

    hash: str
    manifest: dict[str, Any]
    schema: Schema
    encoding: Encoding
    reference: dict[str, Any]
    onnx: bytes
    ubj: bytes
    build: Build

    @property
    def task(self) -> str:
        """binary, multiclass or regression."""
        return str(self.manifest["task"])

    @property
    def classes(self) -> list[str] | None:
        """Names of the classes in the order of the scores' columns; None for a regression."""
        names: list[str] | None = self.manifest["classes"]
        return names

    def predict(self, arrays: Arrays) -> np.ndarray:
        """Score request columns with ONNX Runtime: float64.

        Binary: P(positive), shape (n,). Multiclass: probabilities, (n, classes). Regression: values, (n,).
        Raises ContractError where a column that the contract requires is not there.
        """
        return self.score(self.matrix(arrays))

    def predict_with_xgboost(self, arrays: Arrays) -> np.ndarray:
        """Score as `predict` does, with xgboost on all cores: faster for a large batch."""
        scores: np.ndarray = self._booster.inplace_predict(self.matrix(arrays), validate_features=False)
        return scores.astype(np.float64)

    def matrix(self, arrays: Arrays) -> np.ndarray:
        """Return the model's input, float32 (n, features): `features.build`, then the encoding."""
        return self.encoding.matrix(self.features(arrays))

    def features(self, arrays: Arrays) -> Arrays:
        """Build the features from the request columns, and from nothing else that `arrays` may hold."""
        names = [column.name for column in self.schema.request]
        missing = [name for name in names if name not in arrays]
        if missing:
            raise ContractError(
                f"The rows to score lack {', '.join(missing)}.",
                where="columns of the request",
                next="contract.json in the bundle lists every column with its type and meaning",
            )
        return self.build({name: arrays[name] for name in names})

    def score(self, matrix: np.ndarray) -> np.ndarray:
        """Score a float32 matrix with ONNX Runtime."""
        (scores,) = self._session.run([OUTPUTS[self.task]], {"x": matrix})
        column = {"binary": 1, "regression": 0}.get(self.task)
        chosen: np.ndarray = scores if column is None else scores[:, column]
        return chosen.astype(np.float64)

    def self_test(self) -> None:
        """Score the contract's example row as when the bundle was made. Raises BundleError where it differs.

        This catches what hashes cannot: features.py or a library that is not the one the model was made with.
        """
        test = self.manifest["self_test"]
        if test is None:
            self.score(np.full((1, len(self.encoding.names)), np.nan, dtype=np.float32))
            return
        scores = self.predict(rows.arrays(self.schema, [test["row"]])).ravel()
        expected = np.array(test["scores"])
        if scores.shape != expected.shape or not np.allclose(
            scores, expected, SELF_TEST_TOLERANCE, SELF_TEST_TOLERANCE
        ):
            raise BundleError(
                f"The model scores its own example {scores.tolist()}, it was made with {test['scores']}.",
                where="self test of the bundle",
                next="features.py changed after the training: run `dvc repro`, or take the former file back",
            )

    @cached_property
    def _session(self) -> Any:
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1  # requests run in parallel; a pool would fight for cores
        options.inter_op_num_threads = 1
        return onnxruntime.InferenceSession(self.onnx, options, providers=["CPUExecutionProvider"])

    @cached_property
    def _booster(self) -> Any:
        import xgboost

        return xgboost.Booster(model_file=bytearray(self.ubj))


def export(
    directory: Path | str,
    model: Any,
    *,
    schema: Schema,
    encoding: Encoding,
    reference: dict[str, Any],
    task: str,
    inputs: dict[str, str],
    classes: list[str] | None = None,
    build: Build | None = None,
    learner: str = learners.DEFAULT,
) -> str:
    """Write the bundle, whole or not at all, and return the model's hash.

    `model` is what the learner's `fit` returned; it is cut after its best iteration. `inputs` holds the hash
    of everything that the model was made from. Raises BundleError where the ONNX model does not score as the
    learner's own does.
    """
    from merge_lane.model import convert

    exported = learners.LEARNERS[learner].export(model, len(encoding.names))
    contents = {
        "contract.json": json_bytes(schema.to_json()),
        "encoding.json": json_bytes(encoding.to_json()),
        "model.onnx": exported.onnx,
        "model.ubj": exported.native,
        "reference.json": json_bytes(reference),
    }
    facts: dict[str, Any] = {
        "task": task,
        "classes": classes,
        "inputs": inputs,
        "best_iteration": exported.best_iteration,
    }
    draft = _bundle(contents, {**facts, "self_test": None}, build)
    probes = convert.probes(encoding, reference)
    convert.check_agreement(draft.score(probes), exported.predict(probes))
    manifest = sealed({**facts, "format": FORMAT, "files": listed(contents), "self_test": _self_test(draft)})
    contents[MANIFEST] = json_bytes(manifest)
    with atomic_directory(directory, keep=TOLERATED) as fresh:
        for name, data in contents.items():
            (fresh / name).write_bytes(data)
    return hashlib.sha256(contents[MANIFEST]).hexdigest()


def load(directory: Path | str, *, expected: str | None = None, build: Build | None = None) -> Bundle:
    """Return the bundle in `directory` after every size, every sha256 and the set of files were checked.

    `expected` is the model's hash that a release or a lock names. Raises BundleError for any difference.
    """
    directory = Path(directory)
    contents = verified(directory)
    bundle = _bundle(contents, json.loads(contents[MANIFEST]), build)
    if expected and bundle.hash != expected:
        raise BundleError(
            f"This is the model {bundle.hash[:12]}, expected is {expected[:12]}.",
            where=str(directory / MANIFEST),
            next=REBUILD,
        )
    return bundle


def _bundle(contents: dict[str, bytes], manifest: dict[str, Any], build: Build | None) -> Bundle:
    return Bundle(
        hash=hashlib.sha256(contents.get(MANIFEST, b"")).hexdigest(),
        manifest=manifest,
        schema=Schema.from_json(json.loads(contents["contract.json"])),
        encoding=Encoding.from_json(json.loads(contents["encoding.json"])),
        reference=json.loads(contents["reference.json"]),
        onnx=contents["model.onnx"],
        ubj=contents["model.ubj"],
        build=build or project.features().build,
    )


def _close(scores: np.ndarray, expected: np.ndarray) -> bool:
    return np.allclose(scores, expected, rtol=SELF_TEST_TOLERANCE, atol=SELF_TEST_TOLERANCE)


def _self_test(draft: Bundle) -> dict[str, Any] | None:
    row = rows.example(draft.schema)
    if row is None:
        return None
    return {"row": row, "scores": draft.predict(rows.arrays(draft.schema, [row])).ravel().tolist()}
