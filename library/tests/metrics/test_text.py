"""Figures as text: the same figure reads the same in every report."""

import pytest

from merge_lane.metrics.text import interval, number


@pytest.mark.parametrize(
    ("value", "text"), [(0.12345, "0.1235"), (-1.0, "-1.0000"), (None, "-")], ids=["round", "sign", "none"]
)
def test_number(value, text):
    """A number has four digits; none is a dash."""
    assert number(value) == text


def test_number_with_words():
    """A caller may choose the format, and the text for none."""
    assert (number(0.5, "+.2f"), number(None, missing="undefined")) == ("+0.50", "undefined")


@pytest.mark.parametrize("ends", [(None, 1.0), (0.0, None), (None, None)])
def test_interval_without_an_end(ends):
    """An interval that lacks an end is a dash."""
    assert interval(*ends) == "-"


def test_interval():
    """Both ends have the same format."""
    assert interval(-0.1, 0.25, "+.2f") == "[-0.10, +0.25]"
