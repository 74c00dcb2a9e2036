"""The verdict line and the rows of figures, shared by all forms of the report."""

import pytest
from review import cases

from merge_lane.metrics.bootstrap import Difference
from merge_lane.review.report.figures import METRIC_HEAD, metric_row, metric_rows, verdict


@pytest.mark.parametrize(("blocked", "text"), [(True, "BLOCKED by slices"), (False, "PASS: no gate blocks")])
def test_verdict(blocked, text):
    """The line names the gates that block."""
    assert verdict(cases.review(blocked=blocked)) == text


def test_row():
    """The interval is that of the difference, with its sign."""
    measured = Difference(base=0.7, candidate=0.75, difference=0.05, low=0.01, high=0.09)
    row = metric_row("binary", "roc_auc", measured)
    assert row == ("ROC AUC", "0.7000", "0.7500", "+0.0500", "[+0.0100, +0.0900]", "better")


def test_row_without_a_base():
    """The interval is that of the candidate's value."""
    measured = Difference(base=None, candidate=0.75, difference=None, low=0.7, high=0.8)
    row = metric_row("binary", "roc_auc", measured)
    assert row == ("ROC AUC", "-", "0.7500", "-", "[0.7000, 0.8000]", "no base")


def test_rows():
    """There is one row for each metric, as wide as the head."""
    comparison = cases.review().comparison
    rows = list(metric_rows(comparison))
    assert len(rows) == len(comparison.metrics)
    assert {len(row) for row in rows} == {len(METRIC_HEAD)}
