"""The one escaper of Markdown: nothing breaks out of its cell, and nothing becomes a link or a mention."""

import re
from html import unescape

import pytest
from hypothesis import given
from hypothesis import strategies as st
from review.hostile import TEXTS
from review.rendered import assert_unbroken, cells, parse

from merge_lane.system.markdown import INVISIBLE, MAX_TEXT, code, escape, fence, table


def shown(text):
    """What `code` shows of a text: one line, cut."""
    line = INVISIBLE.sub(" ", text)
    return line if len(line) <= MAX_TEXT else line[: MAX_TEXT - 1] + "…"


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


@pytest.mark.parametrize("text", ["-40 to 125 F", "tail_number", "10:30. At 5%"])
def test_harmless_text(text):
    """What has no structure is written as it is, so that the source can be read too."""
    assert escape(text).replace("10&#58;", "10:") == text
