"""Every header becomes a Python name and a feature name of its own."""

import keyword

import pandera.polars as pa
import pytest

from merge_lane import contract
from merge_lane.adopt import identifiers

HEADERS = [
    "Größe (cm)", "2nd", "a b", "_", "__row", "日付", "a-b", "a.b", "", "\n", "x" * 500, "column", "class",
    "match", "None", "float", "str", "bool", "int", "id", "pa", "pl", "datetime", "annotations", "validate",
    "schema", "Config", "__doc__", *contract.__all__,
]  # fmt: skip


@pytest.mark.parametrize("name", HEADERS)
def test_attribute_is_a_safe_python_name(name):
    """It shadows no keyword, builtin, import or attribute of pandera's model."""
    attribute = identifiers.attribute(name, set())
    assert attribute.isidentifier()
    assert not keyword.iskeyword(attribute)
    assert attribute not in identifiers.RESERVED
    assert not hasattr(pa.DataFrameModel, attribute)
    assert len(attribute) < 60


def test_attributes_are_unique():
    """Headers that differ only in what Python does not allow stay apart."""
    taken = set()
    names = [identifiers.attribute(name, taken) for name in [*HEADERS, "日", "A B", "a_b", "a_b_2"]]
    assert len(set(names)) == len(names)
    assert set(names) == taken


def test_feature_name_is_one_that_xgboost_accepts():
    """Brackets and < end training."""
    taken = set()
    names = [identifiers.feature(name, taken) for name in ("a[1]", "a(1)", "b<c", "b_c")]
    assert names == ["a(1)", "a(1)_2", "b_c", "b_c_2"]
