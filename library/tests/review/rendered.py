"""Markdown as a reader sees it, for the tests of whatever writes Markdown."""

import itertools
import re

from markdown_it import MarkdownIt

ALLOWED_TAGS = {"<details>", "</details>", "<summary>", "</summary>", "<code>", "</code>"}


def parse(text):
    return MarkdownIt("commonmark").enable(["table", "strikethrough"]).parse(text)


def inline(tokens):
    return [child for token in tokens for child in (token.children or [])]


def cells(tokens):
    """Return the text of each table cell, as a reader sees it."""
    contents = []
    for token, after in itertools.pairwise(tokens):
        if token.type in ("td_open", "th_open"):
            texts = [c.content for c in after.children or [] if c.type != "html_inline"]
            contents.append("".join(texts).strip())
    return contents


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
