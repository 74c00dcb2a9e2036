"""Write params.yaml for a project on its own data: months, split, training and gates that fit the table."""

from __future__ import annotations

import io
import math
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import polars as pl

from merge_lane.data.columns import Role
from merge_lane.errors import AdoptError

if TYPE_CHECKING:
    from merge_lane.adopt.decide import Decision, Decisions
    from merge_lane.adopt.survey import Survey

WHOLE = "all"
INCOMING = "data/incoming/{month}.parquet"
TEST_SHARE = 0.25
MIN_MONTHS = 3
VALIDATION_DAYS = 6
VALIDATION_SHARES = (0.02, 0.5)
ROWS_PER_LEAF_WEIGHT = 5_000
MAX_LEAF_WEIGHT = 20
SLICES, RATE_TABLE = 3, 2
MAX_SINGLE_FEATURE_AUC = 0.985  # a little above the limit from which `adopt` leaves a column out
EQUAL = "Equal is good enough, worse is not; the fewer rows test, the wider the margin must be"
FLOORS = {"binary": {"roc_auc": 0.55}, "multiclass": {"roc_auc": 0.55}, "regression": {"r2": 0.0}}
TELLING_ROWS = 2_500
"""With so many test rows the usual margins separate equal from worse models; fewer need wider ones."""

GROUPS = (2, 30)
"""A column with so many values makes readable slices."""


@dataclass(frozen=True)
class Months:
    """How the rows are split: the months, the first test month, and a sentence that says why."""

    names: tuple[str, ...]
    test_from: str
    why: str

    @property
    def timed(self) -> bool:
        """True where rows are split by time."""
        return self.names != (WHOLE,)


def months(survey: Survey, time: Decision | None) -> Months:
    """Return the months of the table, or one part for all where it has no time column.

    Raises AdoptError where the times of the table cannot split it.
    """
    if time is None:
        return Months((WHOLE,), WHOLE, "there is no time column: rows are split by their hash")
    day = pl.col(time.name)
    counted = (
        survey.typed.group_by(day.dt.strftime("%Y-%m").alias("name"))
        .agg(
            pl.len().alias("rows"),
            (day.dt.month_end().dt.day() - day.dt.day() < VALIDATION_DAYS).sum().alias("last"),
        )
        .sort("name")
        .collect(engine="streaming")
    )
    if counted.height < MIN_MONTHS:
        raise _unfit(time, f"the rows cover {counted.height} month(s), a split needs {MIN_MONTHS}")
    names, rows = counted["name"].to_list(), counted["rows"].to_list()
    first = _first_test(rows)
    share = sum(counted["last"][:first]) / sum(rows[:first])
    if not VALIDATION_SHARES[0] <= share <= VALIDATION_SHARES[1]:
        raise _unfit(
            time, f"the last {VALIDATION_DAYS} days of each month hold {share:.0%} of the training rows"
        )
    return Months(tuple(names), names[first], f"months before {names[first]} train, it and later ones test")


def _unfit(time: Decision, why: str) -> AdoptError:
    return AdoptError(
        f"The times in {time.name} cannot split the rows into training and test: {why}.",
        where=f"--time {time.name}",
        next="bring rows of more months, or leave --time out: the rows are then split by their hash",
    )


def _first_test(rows: list[int]) -> int:
    """Return the index of the first test month: a quarter of the rows, after two months at least."""
    later = 0
    for index in range(len(rows) - 1, 1, -1):
        later += rows[index]
        if later >= TEST_SHARE * sum(rows):
            return index
    return 2


def rewritten(text: str, decisions: Decisions, survey: Survey, parts: Months) -> str:
    """Return params.yaml for the table, made from `text`: comments and other sections stay."""
    from ruamel.yaml import YAML

    yaml = YAML(typ="rt")
    yaml.width = 120
    yaml.indent(mapping=2, sequence=4, offset=2)
    tree = yaml.load(text)
    tree["task"] = decisions.task
    _replace(tree["data"], {"source": INCOMING, "months": list(parts.names)}, "one file a month")
    tree["split"]["test_from"] = parts.test_from
    _train(tree["train"], decisions, survey)
    groups = [column.name for column in decisions.having(Role.FEATURE) if _groupable(column)]
    tree["evaluate"]["rate_table"] = groups[:RATE_TABLE]
    tree["evaluate"]["slices"] = groups[:SLICES] + (
        ["month"] if parts.timed and "month" not in groups else []
    )
    tree["evaluate"]["min_slice_rows"] = max(20, min(200, survey.rows // 100))
    if "gates" in tree:
        tree["gates"] = gates(decisions, survey)
    stream = io.StringIO()
    yaml.dump(tree, stream)
    return re.sub(r"(?<=[^\n])\n(?=\w+:)", "\n\n", stream.getvalue())


def _replace(section: Any, values: dict[str, Any], comment: str) -> None:
    """Set values, and drop the comments of the previous ones."""
    for key, value in values.items():
        section.ca.items.pop(key, None)
        section[key] = value
    section.yaml_add_eol_comment(comment, "source")


def _train(train: Any, decisions: Decisions, survey: Survey) -> None:
    """Set leaves that a small table can fill, and drop the directions that only the example has."""
    train["min_child_weight"] = max(1, min(MAX_LEAF_WEIGHT, survey.rows // ROWS_PER_LEAF_WEIGHT))
    train["max_single_feature_auc"] = MAX_SINGLE_FEATURE_AUC
    train.ca.items.pop("monotone", None)
    train["monotone"] = {}
    if decisions.task != "binary":
        train.ca.items.pop("max_single_feature_auc", None)


def _groupable(column: Decision) -> bool:
    return (
        column.profile.dtype in ("str", "bool", "int") and GROUPS[0] <= column.profile.distinct <= GROUPS[1]
    )


def gates(decisions: Decisions, survey: Survey) -> dict[str, Any]:
    """Return the gates of a new project: better than no model, not worse than main, fast, compatible."""
    margins = _margins(decisions, survey)
    sections: dict[str, Any] = {
        "floors": {
            "reason": "A model that does not beat the baselines helps nobody",
            "metrics": dict(FLOORS[decisions.task]),
            "beat": ["base_rate"],
        },
        "non_inferiority": {"reason": EQUAL, "metrics": margins},
        "slices": {
            "reason": "A better average must not be paid for by one group",
            "metrics": {name: _round(5 * margin) for name, margin in margins.items()},
        },
        "latency": {"reason": "A prediction is part of somebody's request", "max_ratio": 1.5, "max_ms": 10},
        "size": {"reason": "The bundle travels in every image", "max_ratio": 3, "max_mb": 50},
        "compatibility": {"reason": "Callers of the API send what the contract on main says"},
    }
    if decisions.task == "binary":
        sections["leakage"] = {
            "reason": "A feature that knows the outcome was written too late",
            "max_single_feature_auc": MAX_SINGLE_FEATURE_AUC,
        }
    if decisions.task != "regression":
        sections["calibration"] = {
            "reason": "People act on the probability",
            "max_error": 0.1,
            "max_increase": _round(0.02 * _width(survey)),
        }
    return {**sections, "waivers": []}


def _margins(decisions: Decisions, survey: Survey) -> dict[str, float]:
    """Return how much worse a metric may be before anyone notices; for a number, a share of its spread."""
    usual = {
        "binary": {"roc_auc": 0.01, "brier": 0.002},
        "multiclass": {"accuracy": 0.01, "log_loss": 0.01},
    }
    if decisions.task in usual:
        return {name: _round(margin * _width(survey)) for name, margin in usual[decisions.task].items()}
    spread = survey.sample[decisions.target.name].cast(pl.Float64).std()
    scale = float(spread) if isinstance(spread, float) else 1.0
    return {"rmse": _round(0.01 * scale), "mae": _round(0.01 * scale)}


def _width(survey: Survey) -> float:
    """Return the factor by which a small test set widens the margins."""
    return max(1.0, math.sqrt(TELLING_ROWS / (TEST_SHARE * survey.rows)))


def _round(value: float) -> float:
    return float(f"{value:.2g}")
