"""A renamed project passes its own lint whatever its name: no line depends on how long the name is."""

import pytest
from template import baking

EVERY_LENGTH = [
    pytest.param(length, marks=pytest.mark.slow) for length in range(2, 31) if length not in (2, 12, 30)
]


def as_named(directory, first, length):
    """Write the Python files of the live tree, and what ruff reads, under a name of `length` letters."""
    package = (first + "x" * length)[:length]
    tokens = {
        "merge_lane": package,
        "merge-lane": package,
        "Merge Lane": package,
        "MERGE_LANE": package.upper(),
    }
    for path, (data, _) in baking.expected(baking.LIVE).items():
        if path.endswith(".py") or path == "pyproject.toml":
            text = data.decode()
            for token, name in tokens.items():
                path, text = path.replace(token, name), text.replace(token, name)  # noqa: PLW2901
            (directory / path).parent.mkdir(parents=True, exist_ok=True)
            (directory / path).write_text(text)


@pytest.mark.parametrize("length", [2, 12, 30, *EVERY_LENGTH])
@pytest.mark.parametrize("first", ["a", "z"])
def test_lint_and_format_hold_for_every_length_of_the_name(tmp_path, first, length):
    """Break a line that holds the package's name so that 30 characters fit, with a comma that keeps it so."""
    as_named(tmp_path, first, length)
    done = baking.run("ruff", "check", "--no-cache", "--output-format=concise", ".", cwd=tmp_path)
    formatted = baking.run("ruff", "format", "--no-cache", "--diff", ".", cwd=tmp_path)
    assert (done.returncode, formatted.returncode) == (0, 0), done.stdout + formatted.stdout
