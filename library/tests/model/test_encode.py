"""Features become the same matrix everywhere."""

import json

import numpy as np
import pytest

from merge_lane.errors import BundleError, ContractError
from merge_lane.model.encode import Encoding

FEATURES = {
    "hour": np.array([5.0, np.nan, 7.5, 8.0]),
    "courier": np.array(["UA", "AA", None, "UA"], dtype=object),
    "tail": np.array(["b", "a", "c", "d"], dtype=object),
}


def test_text_gets_codes_by_frequency_and_ties_go_by_name():
    encoding = Encoding.fit(FEATURES, max_categories=3)
    assert encoding.vocabularies == {"courier": ("UA", "AA"), "tail": ("a", "b", "c")}


def test_numbers_pass_and_what_no_vocabulary_holds_is_missing():
    matrix = Encoding.fit(FEATURES, max_categories=3).matrix(FEATURES)
    expected = [[5, 0, 1], [np.nan, 1, 0], [7.5, np.nan, 2], [8, 0, np.nan]]
    np.testing.assert_array_equal(matrix, np.array(expected, dtype=np.float32))
    assert matrix.dtype == np.float32


def test_an_unseen_text_is_missing():
    encoding = Encoding.fit(FEATURES, max_categories=3)
    matrix = encoding.matrix({**FEATURES, "courier": np.array(["ZZ"] * 4, dtype=object)})
    assert np.isnan(matrix[:, 1]).all()


def test_the_order_of_the_columns_is_that_of_the_fit():
    encoding = Encoding.fit(FEATURES, max_categories=3)
    turned = dict(reversed(FEATURES.items()))
    np.testing.assert_array_equal(encoding.matrix(turned), encoding.matrix(FEATURES))


def test_truth_values_are_numbers():
    features = {"holiday": np.array([True, False])}
    assert Encoding.fit(features, 3).matrix(features).tolist() == [[1.0], [0.0]]


def test_an_encoding_survives_json():
    encoding = Encoding.fit(FEATURES, max_categories=3)
    assert Encoding.from_json(json.loads(json.dumps(encoding.to_json()))) == encoding


@pytest.mark.parametrize(
    "value", [{}, [], {"names": ["a"], "vocabularies": []}, {"names": 3, "vocabularies": {}}]
)
def test_json_that_is_no_encoding_is_refused(value):
    with pytest.raises(BundleError, match=r"encoding\.json"):
        Encoding.from_json(value)


def test_features_that_the_model_did_not_learn_from_are_named():
    encoding = Encoding.fit(FEATURES, max_categories=3)
    renamed = {("time" if name == "hour" else name): values for name, values in FEATURES.items()}
    with pytest.raises(ContractError, match="missing: hour; unknown to the model: time"):
        encoding.matrix(renamed)


def test_a_number_that_became_text_is_named():
    encoding = Encoding.fit(FEATURES, max_categories=3)
    with pytest.raises(ContractError, match="hour was a number"):
        encoding.matrix({**FEATURES, "hour": np.array(["5", "6", "7", "8"], dtype=object)})


def test_a_feature_that_is_a_time_is_refused():
    with pytest.raises(ContractError, match="when is datetime64"):
        Encoding.fit({"when": np.array(["2013-01-01"], dtype="datetime64[us]")}, 3)


def test_a_number_beyond_float32_is_larger_than_every_split():
    features = {"x": np.array([1e300, -1e300])}
    assert Encoding.fit(features, 3).matrix(features).ravel().tolist() == [np.inf, -np.inf]
