"""featurize: time decides what trains and what tests; what is not labelled or not asked for stays out."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import polars as pl
import pytest
import toy
from merge_lane.data.columns import Role, Schema
from merge_lane.data.split import MONTH, PART, part
from merge_lane.errors import SourceError
from merge_lane.model.inputs import with_history
from merge_lane.settings import Split
from merge_lane.stages import featurize

ROOT = Path(__file__).parents[4]


@pytest.fixture(scope="module")
def rows(features_path):
    return pl.read_parquet(features_path)


def test_no_row_is_tested_before_one_that_was_learnt_from(rows):
    learnt = rows.filter(pl.col(PART) != "test")["sched_dep"].max()
    assert learnt < rows.filter(pl.col(PART) == "test")["sched_dep"].min()


def test_the_last_days_of_each_training_month_stop_the_training(rows):
    days = {
        name: set(group["sched_dep"].dt.day().to_list())
        for (name,), group in rows.filter(pl.col(MONTH) == "2013-01").group_by(PART)
    }
    assert days == {"train": set(range(1, 26)), "validation": set(range(26, 32))}


def test_a_short_month_gives_its_own_last_days(contract):
    days = pl.DataFrame(
        {"sched_dep": pl.datetime_range(datetime(2016, 2, 1), datetime(2016, 2, 29), eager=True)}
    ).with_columns(pl.lit("2016-02").alias(MONTH))
    parts = part(days, contract, Split(test_from="2016-03", validation_days=2)).to_list()
    assert parts == ["train"] * 27 + ["validation"] * 2


def test_rows_without_a_label_are_left_out(rows, raw):
    labelled = sum(pl.read_parquet(path)["late"].drop_nulls().len() for path in raw.values())
    assert rows.height == labelled
    assert rows["late"].null_count() == 0


def test_a_diverted_flight_still_counts_in_the_recent_delay_of_others(contract, raw):
    months = pl.concat([pl.read_parquet(raw["2013-01"]).with_columns(pl.lit("2013-01").alias(MONTH))])
    everything = with_history(months, contract)
    labelled_only = with_history(months.filter(pl.col("late").is_not_null()), contract)
    key = ["sched_dep", "carrier", "flight", "origin"]
    both = everything.join(labelled_only, on=key, suffix="_less")
    assert (both["origin_delay_3h"] - both["origin_delay_3h_less"]).abs().max() > 1


def test_the_first_rows_of_a_month_remember_the_month_before(rows, raw, contract):
    february = rows.filter(pl.col(MONTH) == "2013-02").sort("sched_dep")
    alone = with_history(pl.read_parquet(raw["2013-02"]), contract).sort("sched_dep")
    first = pl.col("sched_dep") < pl.datetime(2013, 2, 1, 1)
    assert february.height
    assert alone.filter(first)["origin_delay_3h"].is_null().all()


def test_what_is_known_too_late_is_not_even_in_the_file(rows, contract):
    forbidden = {c.name for c in contract.having(Role.FORBIDDEN)}
    assert forbidden
    assert not forbidden & set(rows.columns)


def test_the_same_months_are_the_same_file(raw, contract, given, features_path, tmp_path):
    featurize.featurize(raw, contract, given.split, tmp_path / "again.parquet")
    assert (tmp_path / "again.parquet").read_bytes() == features_path.read_bytes()


def test_a_month_that_was_not_ingested_is_named(contract, given, tmp_path):
    with pytest.raises(SourceError, match=r"There is no .*2013-01\.parquet"):
        featurize.featurize(
            {"2013-01": tmp_path / "2013-01.parquet"}, contract, given.split, tmp_path / "features.parquet"
        )


def test_a_table_without_time_is_dealt_by_its_values_and_never_again_otherwise(given):
    schema = Schema(tuple(c for c in toy.SCHEMA if c.role is not Role.TIME))
    names = [c.name for c in schema.request]
    rows = pl.DataFrame({name: [f"{name}{place}" for place in range(3000)] for name in names})
    parts = part(rows.with_columns(pl.lit("all").alias(MONTH)), schema, given.split)
    shares = dict(parts.value_counts(normalize=True).iter_rows())
    assert shares == pytest.approx({"train": 0.7, "validation": 0.1, "test": 0.2}, abs=0.03)
    turned = part(rows.reverse().with_columns(pl.lit("all").alias(MONTH)), schema, given.split)
    assert turned.reverse().to_list() == parts.to_list()
