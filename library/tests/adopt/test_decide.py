"""The role of each column is decided, with a reason where it is left out."""

from datetime import datetime

import numpy as np
import polars as pl
import pytest
import tables

from merge_lane.adopt.decide import decide
from merge_lane.adopt.survey import survey
from merge_lane.data.columns import Known, Role
from merge_lane.errors import AdoptError


def decided(tmp_path, rows, target, time=None, keys=()):
    path = tmp_path / "table.parquet"
    rows.write_parquet(path)
    return decide(survey(path), target, time, keys)


def roles(decisions):
    return {column.name: column.role for column in decisions.columns}


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
    assert decided(tmp_path, rows, target).task == task


@pytest.mark.parametrize(
    ("values", "option", "chosen"),
    [
        (("ja", "nein"), None, "nein"),
        (("ja", "nein"), "Ja", "ja"),
        ((True, False), None, True),
        ((0, 1), "0", 0),
    ],
)
def test_the_positive_value_is_the_last_one_or_the_one_that_is_named(tmp_path, values, option, chosen):
    path = tmp_path / "table.parquet"
    tables.customers(100).with_columns(y=pl.Series(values * 50)).write_parquet(path)
    assert decide(survey(path), "y", None, [], positive=option).positive == chosen


@pytest.mark.parametrize(
    ("make", "target", "says"),
    [(tables.cancer, "diagnosis", "holds "), (tables.iris, "species", "the task is multiclass")],
)
def test_a_positive_value_that_is_not_one_of_two_is_refused(tmp_path, make, target, says):
    path = tmp_path / "table.parquet"
    make().write_parquet(path)
    with pytest.raises(AdoptError, match="no two values of which maybe is one") as refused:
        decide(survey(path), target, None, [], positive="maybe")
    assert says in refused.value.where


@pytest.fixture(scope="module")
def customers(tmp_path_factory):
    path = tmp_path_factory.mktemp("tables") / "customers.csv"
    tables.customers().write_csv(path)
    return decide(survey(path), "churned", "when", ["Kunden-Nr"])


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
    actual = roles(customers)
    assert actual["Kunden-Nr"] is Role.KEY
    assert actual["when"] is Role.TIME
    assert all(
        actual[name] is Role.FEATURE
        for name in ("Alter (Jahre)", "città", "class", "month", "signup", "active")
    )


def test_a_strong_honest_column_is_no_leak(tmp_path):
    """Every column of the cancer table is kept, except the copy of the diagnosis."""
    actual = roles(decided(tmp_path, tables.cancer(), "diagnosis"))
    assert [name for name, role in actual.items() if role is Role.FORBIDDEN] == ["treatment"]


def test_limits_are_wider_than_what_was_seen_and_keep_the_sign(customers):
    age = next(column for column in customers.columns if column.name == "Alter (Jahre)")
    assert age.minimum == 0
    assert age.maximum > age.profile.maximum


def numbered(**more):
    return pl.DataFrame({"row": range(60), "x": [number % 7 for number in range(60)], **more})


@pytest.mark.parametrize(
    ("rows", "target", "time", "says"),
    [
        (numbered(y=[1] * 60), "nothing", None, "no column nothing"),
        (numbered(y=[1] * 60), "y", None, "1 in every row"),
        (numbered(y=[f"text {number}" for number in range(60)]), "y", None, "text with 60 values"),
        (numbered(y=[0, 1] * 30), "y", "x", "holds no times"),
        (
            pl.DataFrame({"only": ["same"] * 60, "y": [0, 1] * 30}),
            "y",
            None,
            "No column is left as a feature",
        ),
    ],
)
def test_refuses_a_table_that_cannot_train_a_model(tmp_path, rows, target, time, says):
    with pytest.raises(AdoptError, match=says) as refused:
        decided(tmp_path, rows, target, time)
    assert refused.value.next


def test_refuses_rows_without_a_time(tmp_path):
    path = tmp_path / "table.csv"
    path.write_text(
        "when,x,y\n"
        + "".join(f"2024-01-{day % 28 + 1:02d},{day % 7},{day % 2}\n" for day in range(60))
        + ",1,0\n"
    )
    with pytest.raises(AdoptError, match="1 rows have no time"):
        decide(survey(path), "y", "when", [])


@pytest.mark.parametrize(
    ("keys", "says"),
    [
        (["città"], "rows share the key città = "),
        (["Alter (Jahre)"], r"rows have no Alter \(Jahre\), which must identify them"),
        (["churned"], "The column churned is named for two purposes"),
        (["when"], "The column when is named for two purposes"),
        (["Kunden-Nr", "Kunden-Nr"], "The column Kunden-Nr is named for two purposes"),
    ],
)
def test_refuses_a_key_that_does_not_identify_a_row(tmp_path, keys, says):
    path = tmp_path / "table.parquet"
    tables.customers().write_parquet(path)
    with pytest.raises(AdoptError, match=says) as refused:
        decide(survey(path), "churned", "when", keys)
    assert refused.value.next


def test_a_key_of_two_columns_is_taken_where_only_both_tell_rows_apart(tmp_path):
    path = tmp_path / "table.parquet"
    pairs = pl.DataFrame({"a": [n // 10 for n in range(100)], "b": [n % 10 for n in range(100)]})
    pairs.with_columns(x=pl.col("a") * 7 % 4, y=pl.col("b") % 2).write_parquet(path)
    assert decide(survey(path), "y", None, ["a", "b"]).unique == ("a", "b")


def imbalanced(**more):
    rows, draw = 2000, np.random.default_rng(1)
    kinds = np.array(["usual"] * (rows - 12) + ["odd"] * 6 + ["rare"] * 6)
    order = draw.permutation(rows)
    columns = {"x": draw.normal(size=rows), "z": draw.choice(["p", "q"], rows)}
    return pl.DataFrame({**columns, **{k: v[order] for k, v in more.items()}, "kind": kinds[order]})


def test_rare_classes_are_no_leak(tmp_path):
    """Guessing the majority is right in 99.4% of the rows and predicts nothing."""
    assert set(roles(decided(tmp_path, imbalanced(), "kind")).values()) == {Role.FEATURE, Role.LABEL}


def test_copy_of_rare_classes_is_a_leak(tmp_path):
    """The classes under other names are left out although they are rare."""
    copy = np.array(["a"] * 1988 + ["b"] * 6 + ["c"] * 6)
    decisions = decided(tmp_path, imbalanced(copy=copy), "kind")
    (column,) = (column for column in decisions.columns if column.name == "copy")
    assert (column.role, column.known) == (Role.FORBIDDEN, Known.AFTER_DECISION)
    assert "Cohen's kappa" in column.reason


@pytest.mark.parametrize(
    ("target", "says"),
    [
        ([datetime(2024, 1, 1 + n % 2) for n in range(60)], "is a time"),
        ([n % 2 if n < 20 else None for n in range(60)], "Only 20 rows have a value of the target y"),
    ],
)
def test_target_that_no_model_can_predict_is_refused(tmp_path, target, says):
    """Two times are no classes, and too few labels are too few rows."""
    with pytest.raises(AdoptError, match=says) as refused:
        decided(tmp_path, numbered(y=target), "y")
    assert refused.value.next


@pytest.mark.parametrize(
    "values",
    [
        [-1000000.5 - n / 60 for n in range(60)],
        [2**60 + n % 7 for n in range(60)],
        [1e20 + 1e5 * (n % 9) for n in range(60)],
    ],
)
def test_limits_hold_every_value(tmp_path, values):
    """Rounding a limit never cuts off a value."""
    (column, *_) = decided(tmp_path, pl.DataFrame({"x": values, "y": [0, 1] * 30}), "y").columns
    assert column.minimum <= min(values)
    assert column.maximum >= max(values)
