"""Plots of report.html, as SVG in the page itself."""

from __future__ import annotations

import base64
import io
from typing import TYPE_CHECKING, Any

from merge_lane.metrics.table import METRICS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from merge_lane.model.bundle import Bundle
    from merge_lane.review.compare import Comparison

AXES = {
    "roc": ("fpr", "tpr", "False positive rate", "True positive rate"),
    "pr": ("recall", "precision", "Recall", "Precision"),
    "calibration": ("predicted", "observed", "Predicted", "Observed"),
    "gain": ("share_of_rows", "share_found", "Share of rows, most likely first", "Share found"),
}
MAX_BARS = 25
MAX_NAME = 30


def plots(comparison: Comparison, model: Bundle) -> Iterator[tuple[str, str]]:
    """Return (title, data URI) of every plot."""
    import matplotlib as mpl

    mpl.use("Agg")
    mpl.rcParams["svg.hashsalt"] = "same plot, same bytes"
    mpl.rcParams["text.parse_math"] = False  # a column may be called $x_1$
    for name in AXES:
        if len(next(iter(comparison.candidate_curves[name].values()))):
            yield name, _curve(comparison, name)
    for name in dict.fromkeys(one.name for one in comparison.slices):
        yield f"slices by {name}", _slices(comparison, name)
    yield "feature importance (gain)", _importance(model)


def _uri(draw: Any, height: float = 3.4) -> str:
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(figsize=(5.4, height), layout="constrained")
    draw(axes)
    target = io.BytesIO()
    figure.savefig(target, format="svg", metadata={"Date": None})
    plt.close(figure)
    return "data:image/svg+xml;base64," + base64.b64encode(target.getvalue()).decode()


def _curve(comparison: Comparison, name: str) -> str:
    x, y, x_title, y_title = AXES[name]

    def draw(axes: Any) -> None:
        for title, curves in (("main", comparison.base_curves), ("candidate", comparison.candidate_curves)):
            if curves is not None:
                marker = "o" if name == "calibration" else ""
                axes.plot(curves[name][x], curves[name][y], label=title, marker=marker)
        if name != "pr":
            axes.axline((0, 0), slope=1, color="grey", linewidth=0.8, linestyle="--")
        axes.set_xlabel(x_title)
        axes.set_ylabel(y_title)
        axes.legend()

    return _uri(draw)


def _slices(comparison: Comparison, name: str) -> str:
    metric = next(iter(METRICS[comparison.task].values()))
    shown = [one for one in comparison.slices if one.name == name and one.metrics][:MAX_BARS]

    def draw(axes: Any) -> None:
        for offset, side, title in ((-0.2, "base", "main"), (0.2, "candidate", "candidate")):
            values = [one.metrics[metric.name][side] for one in shown]  # type: ignore[literal-required]
            heights = [row + offset for row, value in enumerate(values) if value is not None]
            axes.plot([value for value in values if value is not None], heights, "o", label=title)
        axes.set_yticks(range(len(shown)), [one.group[:MAX_NAME] for one in shown])
        axes.invert_yaxis()
        axes.set_xlabel(metric.title)
        axes.legend()

    return _uri(draw, height=1.2 + 0.22 * len(shown))


def _importance(model: Bundle) -> str:
    import xgboost as xgb

    booster = xgb.Booster(model_file=bytearray(model.ubj))
    scores = booster.get_score(importance_type="gain")
    named = {_feature(key, model.encoding.names): float(value) for key, value in scores.items()}
    top = sorted(named.items(), key=lambda entry: entry[1])[-MAX_BARS:]

    def draw(axes: Any) -> None:
        axes.barh([name[:MAX_NAME] for name, _ in top], [value for _, value in top])
        axes.set_xlabel("Mean gain of a split")

    return _uri(draw, height=1.2 + 0.2 * len(top))


def _feature(key: str, names: tuple[str, ...]) -> str:
    """A booster trained on a matrix calls its features f0, f1, ..."""
    index = key[1:]
    return names[int(index)] if key.startswith("f") and index.isdigit() and int(index) < len(names) else key
