"""featurize: time decides what trains and what tests; what is not labelled or not asked for stays out."""

from __future__ import annotations

from datetime import datetime

import polars as pl
import pytest
import toy

from merge_lane import settings
from merge_lane.cli import main
from merge_lane.data.columns import Role, Schema
from merge_lane.data.split import MONTH, PART, part
from merge_lane.errors import SourceError
from merge_lane.settings import Split
from merge_lane.stages import featurize
from merge_lane.stages.featurize import leftovers, refuse_leftovers


@pytest.fixture
def rows(made):
    return pl.read_parquet(made.features)


def test_no_row_is_tested_before_one_that_was_learnt_from(rows):
    learnt = rows.filter(pl.col(PART) != "test")["sched_dep"].max()
    assert learnt < rows.filter(pl.col(PART) == "test")["sched_dep"].min()


def test_the_last_days_of_each_training_month_stop_the_training(rows):
    days = {
        name: set(group["sched_dep"].dt.day().to_list())
        for (name,), group in rows.filter(pl.col(MONTH) == "2013-01").group_by(PART)
    }
    assert days["train"] <= set(range(1, 26))
    assert days["validation"] <= set(range(26, 32))


def test_a_short_month_gives_its_own_last_days():
    days = pl.DataFrame(
        {"sched_dep": pl.datetime_range(datetime(2016, 2, 1), datetime(2016, 2, 29), eager=True)}
    ).with_columns(pl.lit("2016-02").alias(MONTH))
    parts = part(days, toy.SCHEMA, Split(test_from="2016-03", validation_days=2)).to_list()
    assert parts == ["train"] * 27 + ["validation"] * 2


def test_rows_without_a_label_and_columns_known_too_late_are_left_out(given, tmp_path):
    raw = toy.rows("binary").head(100)
    gaps = raw.with_columns(late=pl.when(pl.col("parcel") > 5_000).then(pl.col("late")))
    gaps.write_parquet(tmp_path / "raw.parquet")
    rows = featurize.featurize(
        {"2013-01": tmp_path / "raw.parquet"}, toy.SCHEMA, given.split, tmp_path / "f.parquet"
    )
    assert 0 < rows.height == gaps["late"].count() < 100
    assert not {c.name for c in toy.SCHEMA.having(Role.FORBIDDEN)} & set(rows.columns)


def test_the_same_months_are_the_same_file(made, given, tmp_path):
    featurize.featurize(made.raw, made.schema, given.split, tmp_path / "again.parquet")
    assert (tmp_path / "again.parquet").read_bytes() == made.features.read_bytes()


def test_files_of_months_that_params_do_not_name_are_refused(tmp_path):
    for name in ("2013-01.parquet", "2013-09.parquet", "notes.txt"):
        (tmp_path / name).touch()
    assert leftovers(["2013-01"], [tmp_path, tmp_path / "absent"]) == [tmp_path / "2013-09.parquet"]
    with pytest.raises(SourceError, match="belong to months that params") as caught:
        refuse_leftovers(["2013-01"], [tmp_path])
    assert "merge-lane prune" in caught.value.next
    refuse_leftovers(["2013-01", "2013-09"], [tmp_path])


def test_prune_removes_leftovers_and_only_those(tmp_path, monkeypatch, capsys):
    (tmp_path / "params.yaml").write_text(toy.PARAMS.read_text())
    for folder in ("data/raw", "reports/validation"):
        (tmp_path / folder).mkdir(parents=True)
    month = settings.load(toy.PARAMS).data.months[0]
    kept, gone, other = (
        tmp_path / "data/raw" / name for name in (f"{month}.parquet", "2014-01.parquet", "a.txt")
    )
    for path in (kept, gone, other):
        path.touch()
    monkeypatch.chdir(tmp_path)
    assert main(["featurize"]) == 11
    assert "data/raw/2014-01.parquet" in capsys.readouterr().err
    assert main(["prune"]) == 0
    assert "removed data/raw/2014-01.parquet" in capsys.readouterr().out
    assert (kept.exists(), gone.exists(), other.exists()) == (True, False, True)


def test_a_month_that_was_not_ingested_is_named(given, tmp_path):
    with pytest.raises(SourceError, match=r"There is no .*2013-01\.parquet"):
        featurize.featurize(
            {"2013-01": tmp_path / "2013-01.parquet"}, toy.SCHEMA, given.split, tmp_path / "features.parquet"
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
