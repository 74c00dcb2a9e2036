"""report.html and report.json: whole, self-contained, and closed to hostile names."""

import json
from html.parser import HTMLParser

import pytest
from review import cases
from review.hostile import TEXTS

from merge_lane.errors import ReviewError
from merge_lane.review.report.files import to_json, write
from merge_lane.review.report.page import page
from merge_lane.review.report.plots import plots
from merge_lane.review.report.terminal import render
from merge_lane.system.files import dump_json

VOID = {"meta", "img"}
TAGS = {
    *("html", "head", "title", "style", "body", "h1", "h2", "p", "table", "tr", "th", "td", "pre"),
    *("figure", "figcaption"),
} | VOID


class Reader(HTMLParser):
    """Collects tags, attributes and what is left open."""

    def __init__(self):
        super().__init__()
        self.tags, self.attributes, self.open = set(), [], []

    def handle_starttag(self, tag, attrs):
        self.tags.add(tag)
        self.attributes += attrs
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


def read(text):
    reader = Reader()
    reader.feed(text)
    reader.close()
    return reader


@pytest.mark.parametrize("text", TEXTS)
def test_hostile_names(text):
    """Hostile names add nothing to the page."""
    reader = read(page(cases.review(text), [(text, text)]))
    assert reader.tags <= TAGS
    assert reader.open == []
    assert {name for name, _ in reader.attributes} <= {"lang", "charset", "http-equiv", "content", "class"}


def test_policy():
    """The page forbids the browser to load anything."""
    assert "default-src 'none'" in page(cases.review())


def test_plots(toy_bundle):
    """The page contains its plots."""
    found = cases.review("$x_1$ <b>")
    found.model = toy_bundle
    text = page(found)
    reader = read(text)
    images = [value for name, value in reader.attributes if name == "src"]
    assert len(images) == 6  # four curves, one slice, feature importance
    assert all(value.startswith("data:image/svg+xml;base64,") for value in images)


def test_same_plots(toy_bundle):
    """The same review draws the same plots."""
    found = cases.review()
    assert list(plots(found.comparison, toy_bundle)) == list(plots(found.comparison, toy_bundle))


def test_json():
    """The JSON is plain and says what blocks."""
    value = json.loads(dump_json(to_json(cases.review())))
    assert (value["verdict"], value["blocked_by"]) == ("blocked", ["slices"])
    assert value["comparison"]["metrics"]["roc_auc"]["difference"] < 0


def test_files(tmp_path):
    """The three files are written, with the attachment."""
    plan = tmp_path / "plan.txt"
    plan.write_text("2 to add")
    paths = write(cases.review(), tmp_path / "out", [f"Plan={plan}"])
    assert [path.name for path in paths] == ["report.md", "report.html", "report.json"]
    assert all("2 to add" in path.read_text() for path in paths[:2])


@pytest.mark.parametrize("text", ["Plan=no/such/file", "Plan"])
def test_missing_attachment(text, tmp_path):
    """An attachment that is not there is refused."""
    with pytest.raises(ReviewError, match="cannot be attached"):
        write(cases.review(), tmp_path, [text])


@pytest.mark.parametrize("text", TEXTS)
def test_terminal(text):
    """Hostile names do not steer the terminal."""
    said = render(cases.review(text))
    assert all(line.isprintable() for line in said.split("\n"))
    assert said.startswith("BLOCKED by slices\n")
