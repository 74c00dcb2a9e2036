"""Both models on the same rows: stored scores where what they depend on is unchanged, else scored again."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from merge_lane.data import tables
from merge_lane.data.columns import Role
from merge_lane.data.labels import SCORE
from merge_lane.data.slices import SLICE
from merge_lane.data.split import MONTH, PART, TEST
from merge_lane.errors import ReviewError
from merge_lane.repository import code
from merge_lane.review.compare import Rows
from merge_lane.system.files import write_bytes

if TYPE_CHECKING:
    from merge_lane.model.bundle import Bundle
    from merge_lane.repository.revision import Base

BUNDLE, PREDICTIONS, FEATURES = "models", "reports/predictions.parquet", "data/features.parquet"
MANIFEST = f"{BUNDLE}/manifest.json"
SCORE_SECONDS = 300
NO_MODEL = (
    "main has no model yet: commit dvc.lock, models/manifest.json and reports/metrics.json on main first"
)
WORKER = "merge_lane.review.worker"
"""A module of main's library: its name and its command line are the protocol between two versions."""


@dataclass(frozen=True)
class BaseScores:
    """Scores of main's model on the candidate's test rows and how they were made, or None and why."""

    scores: np.ndarray | None
    how: str


def candidate_rows(stored: pl.DataFrame, model: Bundle) -> Rows:
    """Return the test rows as `evaluate` stored them."""
    from merge_lane.data.labels import labels

    time = model.schema.time
    return Rows(
        task=model.task,
        labels=labels(stored, model.schema, model.classes or []),
        times=None if time is None else stored[time.name].to_numpy(),
        slices={
            name.removeprefix(SLICE): stored[name].to_numpy()
            for name in stored.columns
            if name.startswith(SLICE)
        },
    )


def scores_of(stored: pl.DataFrame) -> np.ndarray:
    """Return the scores in a table: (n,), or (n, classes) where there is one column a class."""
    names = [name for name in stored.columns if name == SCORE or name.startswith(f"{SCORE}:")]
    columns = [stored[name].to_numpy() for name in names]
    scores: np.ndarray = columns[0] if len(columns) == 1 else np.column_stack(columns)
    return scores


def base_scores(base: Base, candidate: Bundle, stored: pl.DataFrame, raw: dict[str, str]) -> BaseScores:
    """Score main's model on the rows of `stored`; `raw` maps the candidate's raw files to their md5.

    Stored scores serve where every raw file is main's own. Else its model is scored by its own code on the
    candidate's rows; where it needs a column that they lack, its stored scores of the same rows serve again.
    """
    if base.outputs.get(f"{BUNDLE}/model.onnx") is None:
        return BaseScores(None, NO_MODEL)
    try:
        same_data = all(base.outputs.get(path) == md5 for path, md5 in raw.items())
        scores, how = _scores(base, candidate, stored, list(raw), same_data)
    except ReviewError as error:
        return BaseScores(None, error.what)
    if scores.shape != scores_of(stored).shape:
        return BaseScores(None, "main's model predicts something else")
    return BaseScores(scores, how)


def _scores(
    base: Base, candidate: Bundle, stored: pl.DataFrame, raw: list[str], same_data: bool
) -> tuple[np.ndarray, str]:
    if same_data and (kept := _stored(base, candidate, stored)) is not None:
        return kept, "main's stored scores: same rows, same data"
    try:
        return _scored_again(base, candidate, stored, raw), "scored now, by main's own code"
    except ReviewError:
        if (kept := _stored(base, candidate, stored)) is not None:
            return kept, "main's stored scores: its model cannot be scored on the changed columns"
        raise


def _identity(rows: pl.DataFrame, candidate: Bundle) -> pl.DataFrame:
    """Return the columns that identify rows, and their label, as far as `rows` has them."""
    roles = (Role.KEY, Role.TIME, Role.LABEL)
    return rows.select(c.name for c in candidate.schema if c.role in roles and c.name in rows.columns)


def _stored(base: Base, candidate: Bundle, stored: pl.DataFrame) -> np.ndarray | None:
    kept = tables.read(base.fetch(PREDICTIONS))
    ours, theirs = _identity(stored, candidate), _identity(kept, candidate)
    names = [name for name in ours.columns if name in theirs.columns]
    label = candidate.schema.label.name
    same = label in names and len(names) > 1 and ours.select(names).equals(theirs.select(names))
    return scores_of(kept) if same else None


def _scored_again(base: Base, candidate: Bundle, stored: pl.DataFrame, raw: list[str]) -> np.ndarray:
    target, months = base.folder / "scored.parquet", stored[MONTH].unique()
    skip = next(index for index, path in enumerate(raw) if Path(path).stem in months)
    run_worker(code_of(base), "score", str(bundle_of(base)), str(target), str(skip), *raw)
    scored, rows = tables.read(target), tables.read(base.root / FEATURES)
    rows = rows.filter(pl.col(MONTH) >= Path(raw[skip]).stem)
    if not _identity(scored, candidate).equals(_identity(rows, candidate)):
        raise ReviewError("main's code makes other rows from these data", where="rows, order or label")
    chosen: np.ndarray = scores_of(scored)[(rows[PART] == TEST).to_numpy()]
    return chosen


def bundle_of(base: Base) -> Path:
    """Return the folder of main's bundle, every file with the hash that its lock names."""
    manifest = base.show(MANIFEST)
    if manifest is None:
        raise ReviewError("main has no model yet", where=MANIFEST)
    paths = [base.fetch(path) for path in base.outputs if path.startswith(f"{BUNDLE}/") and path != MANIFEST]
    write_bytes(paths[0].parent / "manifest.json", manifest)
    return paths[0].parent


def code_of(base: Base) -> Path:
    """Return the folder of main's code: its model is scored by the code that it was made with."""
    return code.unpack(base.root, base.revision, base.folder / "code")


def environment(code_in: Path) -> dict[str, str]:
    """Return this environment with the code in `code_in` before any other."""
    return {**os.environ, **code.environment(code_in), "PYTHONDONTWRITEBYTECODE": "1"}


def command(*arguments: str) -> list[str]:
    """Return the command that runs the worker of the code on PYTHONPATH, not this version's own.

    -P keeps the current folder off the path.
    """
    return [sys.executable, "-P", "-m", WORKER, *arguments]


def run_worker(code_in: Path, *arguments: str) -> None:
    """Run the worker with the code in `code_in`. Raises ReviewError with its last line."""
    try:
        process = subprocess.run(
            command(*arguments),
            env=environment(code_in),
            capture_output=True,
            text=True,
            check=False,
            timeout=SCORE_SECONDS,
        )
    except subprocess.TimeoutExpired as error:
        raise ReviewError(f"main's code took longer than {SCORE_SECONDS} s", where=str(code_in)) from error
    if process.returncode:
        last = (process.stderr.strip().splitlines() or ["no message"])[-1]
        raise ReviewError(f"main's code cannot score the candidate's rows: {last}", where=str(code_in))
