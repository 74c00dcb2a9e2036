"""A renamed project passes its own lint whatever its name: no line depends on how long the name is."""

import pytest
from template import baking


def as_named(directory, first, length):
    """Write the Python files of the live tree, and what ruff reads, under a name of `length` letters."""
    package = (first + "x" * length)[:length]
    tokens = dict.fromkeys(("flight_board", "flight-board", "Flight Board"), package)
    for path, (data, _) in baking.expected(baking.LIVE).items():
        if path.endswith(".py") or path == "pyproject.toml":
            text = data.decode()
            for token, name in tokens.items():
                path, text = path.replace(token, name), text.replace(token, name)  # noqa: PLW2901
            (directory / path).parent.mkdir(parents=True, exist_ok=True)
            (directory / path).write_text(text)


@pytest.mark.parametrize("length", range(2, 31, 7))
@pytest.mark.parametrize("first", ["a", "z"])
def test_lint_holds(tmp_path, first, length):
    """Break a line that holds the package's name so that 30 characters fit, with a comma that keeps it so."""
    as_named(tmp_path, first, length)
    checked = baking.run("ruff", "check", "--no-cache", "--output-format=concise", ".", cwd=tmp_path)
    formatted = baking.run("ruff", "format", "--no-cache", "--diff", ".", cwd=tmp_path)
    assert (checked.returncode, formatted.returncode) == (0, 0), checked.stdout + formatted.stdout
