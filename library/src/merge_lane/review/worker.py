"""Scores and times a model with the code that made it: run as a program, with that code on PYTHONPATH.

    python -P -m merge_lane.review.worker score MODELS TARGET SKIP RAW_MONTH...
        writes the labelled rows of all but the first SKIP months, with their scores
    python -P -m merge_lane.review.worker time MODELS ROWS
        times one-row predictions: each line of input is a number of calls, each line of output their seconds

This command line is the only protocol between two versions of the library. The review runs the worker of
main's own code. From one version to the next every other module may move; the name of this one and its
arguments may not.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from typing import Any


def score(models: str, target: str, skip: str, *months: str) -> None:
    """Write the labelled rows of the raw `months` with their scores; the first `skip` are for history."""
    import polars as pl

    from merge_lane.data import tables
    from merge_lane.data.labels import SCORE
    from merge_lane.model import bundle, inputs

    model = bundle.load(models)
    raw = pl.concat(
        [tables.read(Path(month)).with_columns(pl.lit(i).alias("_month")) for i, month in enumerate(months)]
    )
    labelled = pl.col(model.schema.label.name).is_not_null() & (pl.col("_month") >= int(skip))
    rows = inputs.with_history(raw, model.schema).filter(labelled)
    scores = model.predict(tables.to_arrays(rows, [column.name for column in model.schema.request]))
    columns = [scores] if scores.ndim == 1 else list(scores.T)
    named = {f"{SCORE}:{index}": values for index, values in enumerate(columns)}
    rows.with_columns(**named).write_parquet(target)


def serve_timings(models: str, table: str) -> None:
    """Answer each line (a number of calls) by the seconds of that many one-row predictions."""
    from merge_lane.data import tables
    from merge_lane.model import bundle

    model = bundle.load(models)
    rows = tables.to_arrays(tables.read(Path(table)), [column.name for column in model.schema.request])
    count = len(next(iter(rows.values())))
    single = [{name: values[row : row + 1] for name, values in rows.items()} for row in range(count)]
    model.predict(single[0])  # the first call builds the session
    _print("ready")
    for line in sys.stdin:
        _print([_timed(model, single[call % count]) for call in range(int(line))])


def _timed(model: Any, row: Any) -> float:
    started = time.perf_counter()
    model.predict(row)
    return time.perf_counter() - started


def _print(value: Any) -> None:
    sys.stdout.write(json.dumps(value) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    if sys.argv[1] == "score":
        score(*sys.argv[2:])
    else:
        serve_timings(*sys.argv[2:])
