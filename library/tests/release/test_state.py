"""The state of a deployment survives its process, and one process holds an environment at a time."""

import subprocess
import sys

import pytest

from merge_lane.errors import BusyError
from merge_lane.release import state
from merge_lane.release.manifest import Release
from merge_lane.release.state import State, Step

RELEASE = Release(
    commit="1" * 40, model="2" * 64, data="3" * 64, contract="4" * 64, params="5" * 64, metrics={"auc": 0.7},
    by="ada", at="2013-07-01T00:00:00Z",
)  # fmt: skip

HOLD = """
import sys
from pathlib import Path
from merge_lane.release import state
with state.locked(Path(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.read()
"""


def test_no_deployment(tmp_path):
    """Before the first deployment there is no state."""
    assert state.load(tmp_path) is None


def test_saved_state(tmp_path):
    """A saved state is read back whole."""
    saved = State(
        "d1", RELEASE, "stable-id", step=Step.ANALYSE, direct=True, kind="rollback", by="ada", why="it broke",
        since=12.5, extended=True, failure={"what": "x"}, judgement={"verdict": "promote"},
    )  # fmt: skip
    saved.save(tmp_path)
    assert state.load(tmp_path) == saved


def test_next_step(tmp_path):
    """The next step is a new state; the old one is unchanged."""
    first = State("d1", RELEASE, None)
    first.save(tmp_path)
    first.at(Step.START).save(tmp_path)
    assert (first.step, state.load(tmp_path).step) == (Step.PLAN, Step.START)


@pytest.mark.parametrize("step", list(Step))
def test_decided(step):
    """A deployment is decided from the takeover on; only then does a resumed one go forward."""
    assert State("d1", RELEASE, None, step=step).decided is (step in (Step.TAKE_OVER, Step.RETIRE))


def test_damaged_state(tmp_path):
    """A file that is no state is an error, never an environment without a deployment."""
    (tmp_path / "state.json").write_text('{"step": "dance"}')
    with pytest.raises(ValueError, match="dance"):
        state.load(tmp_path)


def test_second_holder(tmp_path):
    """A second process is told that the first one deploys, and that lock ends with its process."""
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, str(tmp_path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as holder:
        assert holder.stdout.readline() == "held\n"
        with pytest.raises(BusyError, match=tmp_path.name), state.locked(tmp_path):
            pytest.fail("two processes hold one environment")
        holder.kill()
        holder.wait(10)
    with state.locked(tmp_path):
        pass
