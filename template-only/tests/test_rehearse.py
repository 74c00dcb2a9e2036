"""`make rehearse` tells its whole story, with the example's flights, and nothing of it is left afterwards."""

import os
import re
import socket
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

STORY = (
    r"== the first deployment",
    r"production serves (?P<first>\S+)",
    r"== a change of the model",
    r"PASS: no gate blocks",
    r"== the merge",
    r"verdict: promote",
    r"== a bad change that the review cannot see",
    r"PASS: no gate blocks",
    r"verdict: roll back \(predictions",
    r"exit 33",
    r"still: production serves (?P<kept>\S+)",
    r"== the revert",
    r"nothing trains: every stage was run before",
    r"verdict: promote",
    r"production: all \d+ links hold",
    r"== done \[\d+ s\]",
)


def in_order(text):
    """Return the story's matches; each must come after the one before."""
    place, found = 0, []
    for line in STORY:
        match = re.compile(line).search(text, place)
        assert match, f"{line!r} is not in what follows\n{text[place:]}"
        place = match.end()
        found.append(match)
    return found


@pytest.mark.slow
@pytest.mark.timeout(900)  # it trains; where no model was made before, twice
def test_the_life_of_a_change_is_rehearsed_whole_and_leaves_nothing_behind(tmp_path):
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    variables = {"TMPDIR": str(tmp_path), "PORT": str(port), "CI": ""}
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(
        [ROOT / "scripts/rehearse"],
        cwd=ROOT,
        env={**os.environ, **variables, "PATH": path},
        capture_output=True,
        text=True,
        timeout=850,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    in_order(done.stdout)
    assert list(tmp_path.iterdir()) == []
    with socket.socket() as probe:
        assert probe.connect_ex(("127.0.0.1", port)) != 0
