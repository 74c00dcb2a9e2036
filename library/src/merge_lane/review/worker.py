"""Scores and times a model by the code that it was made with: run as a program, with that code on PYTHONPATH.

    python -P worker.py score MODELS TARGET SKIP RAW_MONTH...  scores the labelled rows of all but SKIP months
    python -P worker.py time MODELS ROWS                       times one-row predictions, on demand

It may run with another revision's package: it uses no more of it than is named here.
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
    from merge_lane.model import bundle, inputs

    model = bundle.load(models)
    raw = pl.concat(
        [tables.read(Path(month)).with_columns(pl.lit(i).alias("_place")) for i, month in enumerate(months)]
    )
    labelled = pl.col(model.schema.label.name).is_not_null() & (pl.col("_place") >= int(skip))
    rows = inputs.with_history(raw, model.schema).filter(labelled)
    scores = model.predict(tables.to_arrays(rows, [column.name for column in model.schema.request]))
    columns = [scores] if scores.ndim == 1 else list(scores.T)
    named = {f"score:{index}": values for index, values in enumerate(columns)}
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
    _say("ready")
    for line in sys.stdin:
        _say([_timed(model, single[call % count]) for call in range(int(line))])


def _timed(model: Any, row: Any) -> float:
    started = time.perf_counter()
    model.predict(row)
    return time.perf_counter() - started


def _say(value: Any) -> None:
    sys.stdout.write(json.dumps(value) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    if sys.argv[1] == "score":
        score(*sys.argv[2:])
    else:
        serve_timings(*sys.argv[2:])
