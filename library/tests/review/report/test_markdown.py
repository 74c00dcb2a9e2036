"""The report's Markdown: nothing breaks out of its place, and what is too long is cut, never broken."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from review import cases
from review.hostile import TEXTS
from review.rendered import assert_unbroken

from merge_lane.repository.fingerprints import Rerun
from merge_lane.review.report.markdown import LIMIT, Section, assemble
from merge_lane.review.report.sections import sections
from merge_lane.system.markdown import code, table


@pytest.mark.parametrize("text", TEXTS)
def test_hostile_report(text):
    """A report of hostile names is not broken."""
    report = assemble(sections(cases.review(text), [(text, text)]))
    tokens = assert_unbroken(report)
    headings = [tokens[i + 1].content for i, token in enumerate(tokens) if token.type == "heading_open"]
    assert headings == ["❌ BLOCKED by slices", "Metrics", "Contract", "Parameters"]
    assert tokens[-1].type == "html_block"  # the last fold is closed at the very end


@pytest.mark.parametrize("blocked", [True, False])
def test_verdict(blocked):
    """The first line is the verdict."""
    first = assemble(sections(cases.review(blocked=blocked))).splitlines()[0]
    assert first == ("## ❌ BLOCKED by slices" if blocked else "## ✅ PASS: no gate blocks")


def test_sections():
    """The report has all that a reviewer needs."""
    text = assemble(sections(cases.review(), [("Plan", "1 to add")]))
    for expected in (
        "ROC AUC",
        "🔴 worse",
        "Slices that moved most",
        "breaking",
        "Lineage",
        "1 to add",
        "dvc repro",
    ):
        assert expected in text


def test_library():
    """A stage that another library ran says whether its outputs are the same bytes."""
    changed = cases.review()
    assert "### Library" not in assemble(sections(changed))
    changed.reruns = [Rerun("train", same_bytes=True), Rerun("evaluate", same_bytes=False)]
    text = assemble(sections(changed))
    assert "| <code>train</code> | same bytes |" in text
    assert "| <code>evaluate</code> | other bytes |" in text


def test_not_scored():
    """A candidate that was not scored is reported too."""
    text = assemble(sections(cases.review(scored=False)))
    assert "not scored" in text
    assert "Metrics" not in text


def test_waiver():
    """A waiver is printed next to the verdict."""
    found = cases.review("until later", blocked=False)
    assert "waived: until later" in assemble(sections(found)).split("### ")[0]


def test_changed_gates():
    """A change of the gates is announced."""
    found = cases.review()
    found.params = [type(found.params[0])("gates.floors.metrics.roc_auc", "0.7", "0.1")]
    assert "moves the gates by which it is judged" in assemble(sections(found))


def long_table(rows, title="Long", **given):
    lines = table(("a", "b"), [(code("x" * 150), code("|" * 50)) for _ in range(rows)])
    return Section(title, lines, 2, **given)


def test_long_table():
    """A long table is cut with a note."""
    text = assemble([Section("", ["## verdict"], keep=True), long_table(2000, folded=True)])
    assert len(text.encode()) < LIMIT
    assert "more: see report.html" in text
    assert_unbroken(text)


def test_many_sections():
    """Sections that do not fit are left out with a note; the verdict stays."""
    parts = [Section("", ["## verdict"], keep=True), *(long_table(30, str(place)) for place in range(60))]
    text = assemble(parts)
    assert len(text.encode()) < LIMIT
    assert text.startswith("## verdict")
    assert "did not fit in one comment" in text
    assert_unbroken(text)


def test_short_report():
    """A short report is not cut."""
    assert "report.html" not in assemble([Section("", ["## verdict"], keep=True), long_table(20)])


@settings(max_examples=20, deadline=None)  # some reports are megabytes before they are cut
@given(st.integers(0, 400), st.integers(0, 6))
def test_length(rows, parts):
    """No report is too long."""
    text = assemble([Section("", ["## verdict"], keep=True), *(long_table(rows) for _ in range(parts))])
    assert len(text) < LIMIT
    assert text.count("<code>") == text.count("</code>")
