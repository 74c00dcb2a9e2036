"""A project passes its own fast tests: under each of its names, and on a table of its owner's."""

from datetime import datetime, timedelta

import pytest
from template import baking

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1800)]

SECONDS = 1400
HEAD = "Bestellung,Bestellt am,Alter,Größe (m),Région,gekauft"
FIRST = datetime(2024, 1, 1)


def row(n):
    """Return a row of the table: one in three lacks its age, and nothing but `gekauft` tells the answer."""
    when = FIRST + timedelta(hours=4 * n)
    age = n * 7 % 37 if n % 3 else ""
    region = "nord" if n % 2 else "süd"
    return f"{n + 1000},{when},{age},{n % 5 * 1.5},{region},{(n * 7 + n % 11) % 37 > 18}"


@pytest.fixture
def adopted(ready, tmp_path):
    """A project whose owner has put a table in the place of the example: (path, variables), and its words."""
    project, variables = ready
    words = [word for word in (project / "tests/example/words.txt").read_text().splitlines() if word]
    table = tmp_path / "Käufe.csv"
    table.write_text("\n".join([HEAD, *map(row, range(900))]) + "\n", encoding="utf-8")
    options = ["--target", "gekauft", "--time", "Bestellt am", "--key", "Bestellung", "--yes"]
    baking.ok(command(project), "adopt", table, *options, cwd=project, **variables)
    return ready, words


def command(project):
    (package,) = (path.parent.name for path in (project / "src").glob("*/cli.py"))
    return package.replace("_", "-")


def test_its_own_fast_tests_pass(ready):
    baking.make(ready, "test", seconds=SECONDS)


@pytest.mark.parametrize("renamed", ["short"], indirect=True)
def test_their_own_table_takes_the_place_of_the_example(adopted):
    """Trained, documented and served under their own names; lint and tests pass; no word is left of it."""
    (project, variables), words = adopted
    baking.make((project, variables), "reproduce")
    assert "gekauft" in (project / "reports" / "model_card.md").read_text(encoding="utf-8")
    assert '"Région"' in baking.ok(command(project), "try", cwd=project, **variables)
    written = [path for path in project.rglob("*") if path.is_file() and ".venv" not in path.parts]
    kept = [path for path in written if not {".git", ".dvc", ".dvcstore"} & set(path.parts)]
    speaking = {path for path in kept for word in words if word.encode() in path.read_bytes().lower()}
    assert speaking == set()
    baking.commit(project, "On our own data")
    baking.make((project, variables), "lint")
    baking.make((project, variables), "test", seconds=SECONDS)
    assert (project / "tests" / "stages" / "test_train.py").exists(), "tests that need no example stay"
