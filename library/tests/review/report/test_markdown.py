"""The report's Markdown: nothing breaks out of its place, and what is too long is cut, never broken."""

import re
from html import unescape

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from review import cases
from review.hostile import TEXTS

from merge_lane.review.report.markdown import LIMIT, Section, assemble
from merge_lane.review.report.sections import sections
from merge_lane.system.markdown import INVISIBLE, MAX_TEXT, code, escape, fence, table

ALLOWED_TAGS = {"<details>", "</details>", "<summary>", "</summary>", "<code>", "</code>"}


def parse(text):
    return MarkdownIt("commonmark").enable(["table", "strikethrough"]).parse(text)


def inline(tokens):
    return [child for token in tokens for child in (token.children or [])]


def cells(tokens):
    """Return the text of each table cell, as a reader sees it."""
    found = []
    for place, token in enumerate(tokens):
        if token.type in ("td_open", "th_open"):
            children = tokens[place + 1].children or []
            found.append("".join(c.content for c in children if c.type != "html_inline").strip())
    return found


def shown(text):
    """What `code` shows of a text: one line, cut."""
    line = INVISIBLE.sub(" ", text)
    return line if len(line) <= MAX_TEXT else line[: MAX_TEXT - 1] + "…"


def tags(tokens):
    html = [token.content for token in [*tokens, *inline(tokens)] if token.type.startswith("html")]
    return {tag for content in html for tag in re.findall(r"</?[a-z]+[^>]*>", content)}


def assert_unbroken(text):
    """No link, no image, no foreign tag, and every fold is closed."""
    tokens = parse(text)
    assert tags(tokens) <= ALLOWED_TAGS
    assert not [t for t in inline(tokens) if t.type in ("link_open", "image")]
    blocks = "".join(token.content for token in tokens if token.type == "html_block")
    assert blocks.count("<details>") == blocks.count("</details>")
    return tokens


@pytest.mark.parametrize("text", TEXTS)
def test_hostile_cell(text):
    """A hostile text stays in its cell and reads as it is."""
    tokens = assert_unbroken("\n".join(table(("a", "b"), [(code(text), "end")])))
    assert cells(tokens) == ["a", "b", shown(text).replace("@", "@\u2060").strip(), "end"]


@given(st.text(max_size=80))
def test_any_cell(text):
    """Any text stays in its cell."""
    tokens = parse("\n".join(table(("a", "b"), [(code(text), "end")])))
    assert cells(tokens)[3] == "end"
    assert cells(tokens)[2].strip() == shown(text).replace("@", "@\u2060").strip()


@given(st.text(max_size=80))
def test_any_fence(text):
    """Any text stays in its fence."""
    tokens = parse(fence(text) + "\n\nafter")
    assert tokens[0].type == "fence"
    assert tokens[-2].content == "after"


@pytest.mark.parametrize("text", ["https://evil.example", "www.evil.example", "@someone", "a@evil.example"])
def test_links_and_mentions(text):
    """GitHub links bare addresses in the source, and mentions in the text after references are resolved."""
    assert not re.search(r"https?:|www\.", escape(text))
    assert not re.search(r"@\w", unescape(escape(text)))


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
    for said in (
        "ROC AUC",
        "🔴 worse",
        "Slices that moved most",
        "breaking",
        "NaN" if False else "Lineage",
        "1 to add",
        "dvc repro",
    ):
        assert said in text


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
