"""The exit codes are a contract: the documentation lists each one, and no other."""

import inspect
import re
from pathlib import Path

from merge_lane import errors

PAGE = Path(__file__).parents[2] / "docs/pipeline.md"
OUTSIDE = {1, 2, 130}  # of ProjectError itself, of the command line, of Ctrl-C


def documented():
    """Return the codes in the table of the page."""
    table = PAGE.read_text().partition("## Exit codes")[2]
    return [int(code) for code in re.findall(r"^\| (\d+) \|", table, flags=re.MULTILINE)]


def test_page_lists_every_exit_code_once():
    """A new error must be documented, a removed one must leave the page."""
    kinds = inspect.getmembers(errors, inspect.isclass)
    raised = {kind.exit_code for _, kind in kinds if issubclass(kind, errors.ProjectError)}
    assert documented() == sorted(raised | OUTSIDE)
