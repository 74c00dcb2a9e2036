"""What is decided about each column."""

import pandera.polars as pa
import polars as pl
import pytest
import tables

from merge_lane.adopt.judge import attribute, judge
from merge_lane.adopt.survey import survey
from merge_lane.data.columns import Role
from merge_lane.errors import AdoptError


def judged(tmp_path, rows, target, time=None, keys=()):
    path = tmp_path / "table.parquet"
    rows.write_parquet(path)
    return judge(survey(path), target, time, keys)


def roles(found):
    return {column.name: column.role for column in found.columns}


@pytest.mark.parametrize(
    ("rows", "target", "task"),
    [
        (tables.iris(), "species", "multiclass"),
        (tables.wines(), "cultivar", "multiclass"),
        (tables.diabetes(), "progression", "regression"),
        (tables.cancer(), "diagnosis", "binary"),
    ],
)
def test_finds_the_task(tmp_path, rows, target, task):
    assert judged(tmp_path, rows, target).task == task


@pytest.mark.parametrize(
    ("values", "given", "chosen"),
    [
        (("ja", "nein"), None, "nein"),
        (("ja", "nein"), "Ja", "ja"),
        ((True, False), None, True),
        ((0, 1), "0", 0),
    ],
)
def test_the_positive_value_is_the_last_one_or_the_one_that_is_named(tmp_path, values, given, chosen):
    path = tmp_path / "table.parquet"
    tables.customers(100).with_columns(y=pl.Series(values * 50)).write_parquet(path)
    assert judge(survey(path), "y", None, [], positive=given).positive == chosen


@pytest.mark.parametrize(
    ("make", "target", "says"),
    [(tables.cancer, "diagnosis", "holds "), (tables.iris, "species", "the task is multiclass")],
)
def test_a_positive_value_that_is_not_one_of_two_is_refused(tmp_path, make, target, says):
    path = tmp_path / "table.parquet"
    make().write_parquet(path)
    with pytest.raises(AdoptError, match="no two values of which maybe is one") as refused:
        judge(survey(path), target, None, [], positive="maybe")
    assert says in refused.value.where


@pytest.fixture(scope="module")
def customers(tmp_path_factory):
    path = tmp_path_factory.mktemp("tables") / "customers.csv"
    tables.customers().write_csv(path)
    return judge(survey(path), "churned", "when", ["Kunden-Nr"])


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("konstant", "the same in every row"),
        ("empty", "no value at all"),
        ("notes", "a value of its own"),
        ("refunded", "alone it predicts the target (ROC AUC"),
    ],
)
def test_leaves_out_what_teaches_nothing_or_too_much_and_says_why(customers, name, reason):
    column = next(column for column in customers.columns if column.name == name)
    assert column.role is Role.FORBIDDEN
    assert reason in column.reason


def test_keeps_honest_columns(customers):
    found = roles(customers)
    assert found["Kunden-Nr"] is Role.KEY
    assert found["when"] is Role.TIME
    assert all(
        found[name] is Role.FEATURE
        for name in ("Alter (Jahre)", "città", "class", "month", "signup", "active")
    )


def test_a_strong_honest_column_is_no_leak(tmp_path):
    """Every column of the cancer table but the diagnosis in other words is kept."""
    found = roles(judged(tmp_path, tables.cancer(), "diagnosis"))
    assert [name for name, role in found.items() if role is Role.FORBIDDEN] == ["treatment"]


def test_limits_are_wider_than_what_was_seen_and_keep_the_sign(customers):
    age = next(column for column in customers.columns if column.name == "Alter (Jahre)")
    assert age.minimum == 0
    assert age.maximum > age.surveyed.maximum


def numbered(**more):
    return pl.DataFrame({"row": range(60), "x": [number % 7 for number in range(60)], **more})


@pytest.mark.parametrize(
    ("rows", "target", "time", "says"),
    [
        (numbered(y=[1] * 60), "nothing", None, "no column nothing"),
        (numbered(y=[1] * 60), "y", None, "1 in every row"),
        (numbered(y=[f"text {number}" for number in range(60)]), "y", None, "text with 60 values"),
        (numbered(y=[0, 1] * 30), "y", "x", "holds no times"),
        (pl.DataFrame({"only": ["same"] * 60, "y": [0, 1] * 30}), "y", None, "No column is left"),
    ],
)
def test_refuses_what_nothing_can_be_learnt_from(tmp_path, rows, target, time, says):
    with pytest.raises(AdoptError, match=says) as refused:
        judged(tmp_path, rows, target, time)
    assert refused.value.next


def test_refuses_rows_without_a_time(tmp_path):
    path = tmp_path / "table.csv"
    path.write_text(
        "when,x,y\n"
        + "".join(f"2024-01-{day % 28 + 1:02d},{day % 7},{day % 2}\n" for day in range(60))
        + ",1,0\n"
    )
    with pytest.raises(AdoptError, match="1 rows have no time"):
        judge(survey(path), "y", "when", [])


@pytest.mark.parametrize(
    ("keys", "says"),
    [
        (["città"], "rows share the key città = "),
        (["Alter (Jahre)"], r"rows have no Alter \(Jahre\), which is to identify them"),
        (["churned"], "The column churned is named for two purposes"),
        (["when"], "The column when is named for two purposes"),
        (["Kunden-Nr", "Kunden-Nr"], "The column Kunden-Nr is named for two purposes"),
    ],
)
def test_refuses_a_key_that_does_not_identify_a_row(tmp_path, keys, says):
    path = tmp_path / "table.parquet"
    tables.customers().write_parquet(path)
    with pytest.raises(AdoptError, match=says) as refused:
        judge(survey(path), "churned", "when", keys)
    assert refused.value.next


def test_a_key_of_two_columns_is_taken_where_only_both_tell_rows_apart(tmp_path):
    path = tmp_path / "table.parquet"
    pairs = pl.DataFrame({"a": [n // 10 for n in range(100)], "b": [n % 10 for n in range(100)]})
    pairs.with_columns(x=pl.col("a") * 7 % 4, y=pl.col("b") % 2).write_parquet(path)
    assert judge(survey(path), "y", None, ["a", "b"]).unique == ("a", "b")


@pytest.mark.parametrize(
    "name", ["Größe (cm)", "class", "2nd", "validate", "a b", "_", "Config", "日付", "a-b", "a.b"]
)
def test_every_name_becomes_a_python_name_of_its_own(name):
    taken = {"a_b"}
    found = attribute(name, taken)
    assert found.isidentifier()
    assert found in taken
    assert not hasattr(pa.DataFrameModel, found)
    assert attribute(name, taken) != found
