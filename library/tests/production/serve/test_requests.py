"""A request is what the contract says; a refusal names every field that is not."""

import json

import numpy as np
import pytest
import toy

from merge_lane.data import rows as plain
from merge_lane.data.columns import Column, Known, Role, Schema
from merge_lane.production.serve.requests import MAX_PROBLEMS, MAX_ROWS, Refusal, Requests

REQUESTS = Requests(toy.SCHEMA)

BAD = {
    "a wrong type": ({"distance": "far"}, "distance", "Expected `float`, got `str`"),
    "a fraction for an integer": ({"parcel": 1.5}, "parcel", "Expected `int`, got `float`"),
    "a number for a text": ({"dest": 7}, "dest", "Expected `str`, got `int`"),
    "text for a truth value": ({"holiday": "no"}, "holiday", "Expected `bool`, got `str`"),
    "below the range": ({"distance": -1}, "distance", "Expected `float` >= 0"),
    "above the range": ({"parcel": 10_000}, "parcel", "Expected `int` <= 9999"),
    "beyond every number": ({"wind": 1e308 * 10}, "wind", ""),
    "an unknown category": ({"courier": "ZZ"}, "courier", "allowed: AA, B6, UA"),
    "against the pattern": ({"dest": "Boston"}, "dest", "matching regex"),
    "null where a value is needed": ({"courier": None}, "courier", "got `null`"),
    "no time": ({"sched_dep": "yesterday"}, "sched_dep", "Invalid RFC3339"),
    "a time with an offset": ({"sched_dep": "2013-01-01T05:00:00Z"}, "sched_dep", "no timezone"),
    "an unknown field": ({"late_start": 3.0}, "late_start", "Not a column that a request has"),
    "a unit in the reason": ({"wind": -3}, "wind", "(mph)"),
}


def refusal(body):
    with pytest.raises(Refusal) as caught:
        REQUESTS.decode(body if isinstance(body, bytes) else json.dumps(body).encode())
    return caught.value


def test_a_request_becomes_the_columns_that_features_are_built_from():
    rows = [toy.ROW, {**toy.ROW, "wind": None, "courier": "AA", "holiday": True}]
    decoded = REQUESTS.arrays(REQUESTS.decode(json.dumps({"rows": rows}).encode()))
    expected = plain.arrays(toy.SCHEMA, rows)
    assert list(decoded) == list(expected)
    for name, values in expected.items():
        np.testing.assert_array_equal(decoded[name], values, err_msg=name)
        assert decoded[name].dtype == values.dtype
    assert decoded["sched_dep"].dtype == np.dtype("datetime64[us]")
    assert decoded["holiday"].tolist() == [0.0, 1.0]


def test_a_nullable_column_may_be_left_out():
    row = {name: value for name, value in toy.ROW.items() if name != "wind"}
    decoded = REQUESTS.arrays(REQUESTS.decode(json.dumps({"rows": [row]}).encode()))
    assert np.isnan(decoded["wind"]).all()


@pytest.mark.parametrize("case", BAD)
def test_a_bad_field_is_refused_by_name(case):
    change, field, reason = BAD[case]
    refused = refusal({"rows": [toy.ROW, {**toy.ROW, **change}]})
    if case == "beyond every number":  # Python writes the word Infinity, which is not JSON
        assert refused.status == 400
        return
    (problem,) = refused.body.problems
    assert (refused.status, problem.row, problem.field) == (422, 1, field)
    assert reason in problem.reason


def test_a_missing_field_is_refused_by_name():
    (problem,) = refusal({"rows": [{k: v for k, v in toy.ROW.items() if k != "courier"}]}).body.problems
    assert (problem.row, problem.field, problem.reason) == (0, "courier", "Missing")


def test_every_failing_field_of_every_row_is_named():
    refused = refusal({"rows": [{**toy.ROW, "courier": "ZZ", "distance": -1}, toy.ROW, {**toy.ROW, "x": 1}]})
    assert {(p.row, p.field) for p in refused.body.problems} == {(0, "courier"), (0, "distance"), (2, "x")}
    assert (refused.body.total, refused.body.error[:8]) == (3, "3 fields")


def test_a_flood_of_problems_is_cut_and_counted():
    refused = refusal({"rows": [{}] * 100})
    assert len(refused.body.problems) == MAX_PROBLEMS
    assert refused.body.total == 600


@pytest.mark.parametrize("literal", [b"NaN", b"Infinity", b"-Infinity", b"1e999"])
def test_numbers_that_json_does_not_have_are_refused(literal):
    body = json.dumps({"rows": [toy.ROW]}).encode().replace(b"10.4", literal)
    assert refusal(body).status in (400, 422)


@pytest.mark.parametrize("body", [b"", b"{", b"\xff\xfe", b"rows=1", b'{"rows": [}', b"[" * 100_000])
def test_what_is_not_json_is_refused_with_400(body):
    assert refusal(body).status == 400


@pytest.mark.parametrize("body", [[], {}, 3, "text", None, {"rows": {}}, toy.ROW])
def test_another_shape_is_told_the_right_one(body):
    refused = refusal(body)
    assert refused.status == 422
    assert refused.body.problems[0].field == "rows"


def test_a_row_that_is_no_object_is_named():
    assert refusal({"rows": [toy.ROW, 3]}).body.problems[0].row == 1


@pytest.mark.parametrize("count", [0, MAX_ROWS + 1])
def test_too_few_or_too_many_rows_are_refused(count):
    refused = refusal({"rows": [toy.ROW] * count})
    assert (refused.status, refused.body.problems[0].field) == (422, "rows")


def test_the_most_rows_pass():
    assert len(REQUESTS.decode(json.dumps({"rows": [toy.ROW] * MAX_ROWS}).encode())) == MAX_ROWS


def test_a_column_need_not_have_a_python_name():
    columns = (
        Column("petal length (cm)", "float", Role.FEATURE, Known.IN_ADVANCE),
        Column("class", "int", Role.FEATURE, Known.IN_ADVANCE, allowed=(1, 2)),
        Column("species", "str", Role.LABEL, Known.WITH_LABEL),
    )
    requests = Requests(Schema(columns))
    decoded = requests.decode(b'{"rows": [{"petal length (cm)": 1, "class": 2}]}')
    assert {name: values.tolist() for name, values in requests.arrays(decoded).items()} == {
        "petal length (cm)": [1.0],
        "class": [2.0],
    }


def test_an_integer_that_a_float_cannot_hold_is_refused():
    requests = Requests(Schema((Column("n", "int", Role.FEATURE, Known.IN_ADVANCE),)))
    with pytest.raises(Refusal):
        requests.decode(b'{"rows": [{"n": 9007199254740993}]}')


def test_a_pattern_starts_at_the_first_character():
    requests = Requests(Schema((Column("code", "str", Role.FEATURE, Known.IN_ADVANCE, pattern="A|B"),)))
    assert requests.decode(b'{"rows": [{"code": "B1"}]}')
    with pytest.raises(Refusal):
        requests.decode(b'{"rows": [{"code": "1B"}]}')
