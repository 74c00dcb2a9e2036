"""The features: point-in-time, the same for one row as for a batch, and from the right columns."""

import numpy as np
import pytest
from merge_lane import project
from merge_lane.data import tables
from merge_lane.model import inputs

ROWS = 300


@pytest.fixture(scope="module")
def raw(params, month):
    """The first month, in the order of its times where it has any."""
    return month(params.data.months[0])


@pytest.fixture(scope="module")
def request_rows(raw, contract):
    """Some rows as a caller of the API sends them."""
    rows = inputs.with_history(raw, contract).sample(min(ROWS, raw.height), seed=1)
    return tables.to_arrays(rows, [column.name for column in contract.request])


def test_row_is_built_as_in_a_batch(request_rows):
    """The API builds one row at a time, training builds all of them."""
    batch = project.features().build(request_rows)
    for index in range(20):
        one = project.features().build({name: values[[index]] for name, values in request_rows.items()})
        assert list(one) == list(batch)
        for name, values in one.items():
            np.testing.assert_array_equal(values, batch[name][[index]], err_msg=name)


def test_features_are_numbers_or_text(request_rows):
    """The model encodes float64 and text, nothing else."""
    built = project.features().build(request_rows)
    assert {name: v.dtype for name, v in built.items() if v.dtype not in (np.float64, object)} == {}


def test_build_changes_no_input(request_rows):
    """Two requests of one batch must not influence each other."""
    before = {name: values.copy() for name, values in request_rows.items()}
    project.features().build(request_rows)
    for name, values in before.items():
        np.testing.assert_array_equal(values, request_rows[name])


def test_features_use_known_columns_only(request_rows, contract):
    """A column that is known after the decision cannot be read, whatever build does."""

    class Watched(dict):
        def __getitem__(self, name):
            names.add(name)
            return super().__getitem__(name)

    names = set()
    project.features().build(Watched(request_rows))
    assert names
    assert names <= {column.name for column in contract.request}


def test_history_ignores_later_rows(raw, contract):
    """The history of a row is the same before the rows after it exist."""
    if contract.time is None:
        pytest.skip("no time column orders the rows")
    names = [column.name for column in contract.raw]
    early = raw.head(raw.height // 2)
    whole = project.features().history(tables.to_arrays(raw, names))
    alone = project.features().history(tables.to_arrays(early, names))
    assert sorted(whole) == sorted(column.name for column in contract if column.derived)
    for name, values in alone.items():
        np.testing.assert_allclose(values, whole[name][: early.height], rtol=1e-9, err_msg=name)
