"""Write a trained model as a bundle: ONNX and xgboost, contract, encoding, reference profile, manifest."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

from merge_lane.data import rows
from merge_lane.model import convert, learners
from merge_lane.model.bundle import assembled
from merge_lane.model.sealed_files import FORMAT, MANIFEST, TOLERATED, json_bytes, listed, sealed
from merge_lane.system.files import atomic_directory

if TYPE_CHECKING:
    from pathlib import Path

    from merge_lane.data.columns import Schema
    from merge_lane.model.bundle import Build, Bundle
    from merge_lane.model.encode import Encoding


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
    draft = assembled(contents, {**facts, "self_test": None}, build)
    probes = convert.probes(encoding, reference)
    convert.check_agreement(draft.score(probes), exported.predict(probes))
    manifest = sealed({**facts, "format": FORMAT, "files": listed(contents), "self_test": _self_test(draft)})
    contents[MANIFEST] = json_bytes(manifest)
    with atomic_directory(directory, keep=TOLERATED) as fresh:
        for name, data in contents.items():
            (fresh / name).write_bytes(data)
    return hashlib.sha256(contents[MANIFEST]).hexdigest()


def _self_test(draft: Bundle) -> dict[str, Any] | None:
    row = rows.example(draft.schema)
    if row is None:
        return None
    return {"row": row, "scores": draft.predict(rows.arrays(draft.schema, [row])).ravel().tolist()}
