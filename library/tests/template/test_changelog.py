"""The part of the library's changelog that an update brings."""

import zipfile

from merge_lane.template import changelog

TEXT = "# Changelog\n\n## 0.3.0\n\n- Three\n\n## 0.2.1 (2026-01-01)\n\n- Two\n\n## 0.2.0\n\n- One\n"


def test_since():
    """All that is newer comes, one level below the pull request's own headings."""
    assert changelog.since(TEXT, "0.2.0") == "### 0.3.0\n\n- Three\n\n### 0.2.1 (2026-01-01)\n\n- Two"


def test_since_the_newest():
    """The newest version has nothing newer."""
    assert changelog.since(TEXT, "0.3.0") == ""


def test_since_an_unknown_version():
    """A version that no heading names brings everything."""
    assert changelog.since(TEXT, "0.1.0").count("### ") == 3


def test_of_wheel(tmp_path):
    """The wheel carries it."""
    with zipfile.ZipFile(tmp_path / "a.whl", "w") as archive:
        archive.writestr(changelog.MEMBER, TEXT)
    assert changelog.of_wheel(tmp_path / "a.whl") == TEXT
