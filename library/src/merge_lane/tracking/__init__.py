"""The run in MLflow: parameters, metrics, curves, the hashes of its inputs, the commit, the bundle.

MLflow is a mirror, git is the authority: nothing is read back from it into a decision, and what is stored
there are plain files. One run per model: its tag `model_hash` is set last, so a run that carries it is
complete. A model restored from DVC's cache is tracked exactly like one trained here; the commit is the one
that is checked out now.
"""

from __future__ import annotations

import os
import sqlite3
import sys
import time
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar
from urllib.parse import urlsplit, urlunsplit

from merge_lane.errors import TrackingError
from merge_lane.tracking.patience import knock, within
from merge_lane.tracking.run import Run, read, safe_name

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from mlflow.tracking import MlflowClient

T = TypeVar("T")

EXPERIMENT = "merge-lane"
HASH_TAG = "model_hash"
# MLflow's own defaults wait four minutes for a dead server. A person's settings win.
PATIENCE = {
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "2",
    "MLFLOW_HTTP_REQUEST_TIMEOUT": "3",
    "MLFLOW_HTTP_REQUEST_BACKOFF_FACTOR": "1",
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "MLFLOW_LOGGING_LEVEL": "WARNING",  # not a line for each table of a new database
}
BYTES_PER_SECOND = 1_000_000  # an upload slower than this counts as hanging


@dataclass(frozen=True)
class Tracked:
    """A run in MLflow; `created` is False where it existed before."""

    run_id: str
    created: bool
    uri: str


def track(root: Path | str = ".", uri: str | None = None) -> Tracked:
    """Log the model in `root` to MLflow once; a second call finds the run and changes nothing.

    `uri` defaults to MLFLOW_TRACKING_URI, then to `mlflow.db` in `root`. Raises TrackingError, after ten
    seconds at most where the server is down or hangs, and BundleError where the model is not complete.
    """
    root = Path(root).resolve()
    run = read(root)
    uri = uri or os.environ.get("MLFLOW_TRACKING_URI") or f"sqlite:///{root / 'mlflow.db'}"
    if run_id := _known_locally(uri, run.model_hash):
        return Tracked(run_id, created=False, uri=uri)
    patience = _patience(run) if "://" in uri and not uri.startswith(("sqlite:", "file:")) else None
    try:
        if uri.startswith(("http://", "https://")):
            within(patience, lambda _: knock(_without_password(uri)))
        client = connect(uri)
        home = root if patience is None else None
        run_id, created = within(patience, lambda alive: _log(client, run, home, alive))
    except failures() as error:
        raise _failed(uri, error) from error
    return Tracked(run_id, created, _without_password(uri))


def _known_locally(uri: str, model_hash: str) -> str | None:
    """Return the run's id if a local database has it: a short cut, for importing MLflow takes seconds.

    Whatever is not as expected (no database yet, another version's tables) is left to MLflow itself.
    """
    path = Path(uri.removeprefix("sqlite:///"))
    if not uri.startswith("sqlite:///") or not path.is_file():
        return None
    query = (
        "SELECT run_uuid FROM runs JOIN tags USING (run_uuid) JOIN experiments USING (experiment_id) "
        "WHERE tags.key = ? AND tags.value = ? AND experiments.name = ? AND runs.lifecycle_stage = 'active'"
    )
    try:
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as database:
            row = database.execute(query, (HASH_TAG, model_hash, _experiment_name())).fetchone()
    except sqlite3.Error:
        return None
    return str(row[0]) if row else None


def _experiment_name() -> str:
    return os.environ.get("MLFLOW_EXPERIMENT_NAME", EXPERIMENT)


def connect(uri: str) -> MlflowClient:
    """Return a client that waits for seconds, not minutes."""
    for name, value in PATIENCE.items():
        os.environ.setdefault(name, value)  # read by MLflow when it is imported
    from mlflow.tracking import MlflowClient

    return MlflowClient(tracking_uri=uri)


def _log(client: MlflowClient, run: Run, home: Path | None, alive: Callable[[], None]) -> tuple[str, bool]:
    """Find the model's run or log one; `alive` is called after every answer."""
    experiment = _experiment(client, home)
    alive()
    known = client.search_runs([experiment], f"tags.{HASH_TAG} = '{run.model_hash}'", max_results=1)
    alive()
    if known:
        return str(known[0].info.run_id), False
    run_id = client.create_run(experiment, run_name=run.model_hash[:12], tags=run.tags).info.run_id
    alive()
    _log_values(client, run_id, run, alive)
    for path, directory in run.files:
        client.log_artifact(run_id, str(path), directory)
        alive()
    client.set_tag(run_id, HASH_TAG, run.model_hash)
    client.set_terminated(run_id)
    return run_id, True


def _experiment(client: MlflowClient, home: Path | None) -> str:
    name = _experiment_name()
    if known := client.get_experiment_by_name(name):
        return str(known.experiment_id)
    # A server knows where its artifacts go; here they go next to the database.
    location = (home / "mlartifacts").as_uri() if home else None
    return str(client.create_experiment(name, artifact_location=location))


def _log_values(client: MlflowClient, run_id: str, run: Run, alive: Callable[[], None]) -> None:
    from mlflow.entities import Dataset, DatasetInput, Metric, Param, RunTag

    now = int(time.time() * 1000)
    points = [(name, value, 0) for name, value in run.metrics.items()] + run.curves
    metrics = [Metric(name, value, now, step) for name, value, step in points]
    params = [Param(safe_name(key), text) for key, text in run.params.items()]
    tags = [RunTag(f"input.{safe_name(key)}", text) for key, text in run.inputs.items()]
    for part in _batches(metrics, 1000):
        client.log_batch(run_id, metrics=part)
        alive()
    for part in _batches(params, 100):
        client.log_batch(run_id, params=part)
        alive()
    for part in _batches(tags, 100):
        client.log_batch(run_id, tags=part)
        alive()
    inputs = run.inputs.items()
    # MLflow keeps 36 characters of a digest; the tags have the whole.
    datasets = [DatasetInput(Dataset(key, text[:36], "dvc", f"dvc.lock#{key}")) for key, text in inputs]
    if datasets:
        client.log_inputs(run_id, datasets)
        alive()


def _batches(items: list[T], size: int) -> Iterator[list[T]]:
    """Split as MLflow demands: at most 1000 metrics, 100 parameters, 100 tags at once."""
    yield from (items[start : start + size] for start in range(0, len(items), size))


def _patience(run: Run) -> float:
    """Return the seconds without an answer after which a server counts as hanging."""
    answer = float(os.environ.get("MLFLOW_HTTP_REQUEST_TIMEOUT", PATIENCE["MLFLOW_HTTP_REQUEST_TIMEOUT"]))
    return answer + 1 + max(path.stat().st_size for path, _ in run.files) / BYTES_PER_SECOND


def failures() -> tuple[type[Exception], ...]:
    """Return what MLflow raises; evaluated only when something was raised, when it is imported anyway."""
    mlflow = sys.modules.get("mlflow.exceptions")
    refused = (mlflow.MlflowException,) if mlflow else ()
    return (OSError, *refused)


def _failed(uri: str, error: Exception) -> TrackingError:
    reason = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
    shown = _without_password(uri)
    return TrackingError(
        f"The run is not in MLflow: {reason}. The model itself is not affected.",
        where=shown,
        next="once the server is back: merge-lane track (MLFLOW_TRACKING_URI names it)",
    )


def _without_password(uri: str) -> str:
    parts = urlsplit(uri)
    if "@" not in parts.netloc:
        return uri
    return urlunsplit(parts._replace(netloc=parts.netloc.rsplit("@", 1)[1]))
