"""Load a model from disk and score: ONNX, contract, encoding, reference profile, a manifest of hashes.

Nothing is pickled. `load` reads each file once, compares its bytes with the manifest, and only then passes
them to a loader: a damaged model file can crash the process or score wrongly without an error.
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
from merge_lane.model.encode import Encoding
from merge_lane.model.sealed_files import MANIFEST, REBUILD, verified

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
        Raises ContractError where a column that the contract requires is missing.
        """
        return self.score(self.matrix(arrays))

    def matrix(self, arrays: Arrays) -> np.ndarray:
        """Return the model's input, float32 (n, features): `features.build`, then the encoding."""
        return self.encoding.matrix(self.features(arrays))

    def features(self, arrays: Arrays) -> Arrays:
        """Build the features from the request columns; ignore other columns of `arrays`."""
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
        """Score the contract's example row. Raises BundleError where the manifest has other scores.

        Hashes do not show another features.py or library than those that exported the model; this does.
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
                f"The model scores its own example {scores.tolist()}; the export scored {test['scores']}.",
                where="self test of the bundle",
                next="features.py changed after the training: run `dvc repro`, or restore the previous file",
            )

    @cached_property
    def _session(self) -> Any:
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1  # requests run in parallel; a pool would fight for cores
        options.inter_op_num_threads = 1
        return onnxruntime.InferenceSession(self.onnx, options, providers=["CPUExecutionProvider"])


def load(directory: Path | str, *, expected: str | None = None, build: Build | None = None) -> Bundle:
    """Verify every size, every sha256 and the set of files, and return the bundle in `directory`.

    `expected` is the model's hash in a release. Raises BundleError for any difference.
    """
    directory = Path(directory)
    contents = verified(directory)
    bundle = assembled(contents, json.loads(contents[MANIFEST]), build)
    if expected and bundle.hash != expected:
        raise BundleError(
            f"This is the model {bundle.hash[:12]}, expected is {expected[:12]}.",
            where=str(directory / MANIFEST),
            next=REBUILD,
        )
    return bundle


def assembled(contents: dict[str, bytes], manifest: dict[str, Any], build: Build | None) -> Bundle:
    """Return the bundle with these files; `load` verifies them first."""
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
