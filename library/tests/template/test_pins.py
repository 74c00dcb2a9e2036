"""The lines of a lock that name the library."""

import hashlib

import pytest

from merge_lane.template import pins

LOCK = "click==8.1 \\\n    --hash=sha256:aa\nzlib-x==1 \\\n    --hash=sha256:bb\n"
PIN = f"merge-lane==0.2.0 \\\n    --hash=sha256:{'0' * 64}\n"


def test_pin_of(tmp_path):
    """The pin holds the version of the wheel's name and the hash of its bytes."""
    wheel = tmp_path / "merge_lane-1.2.3-py3-none-any.whl"
    wheel.write_bytes(b"x")
    expected = hashlib.sha256(b"x").hexdigest()
    assert pins.pin_of(wheel) == f"merge-lane==1.2.3 \\\n    --hash=sha256:{expected}\n"


@pytest.mark.parametrize("others", ["click==8.1 \\\n    --hash=sha256:aa\n", "zlib-x==1\n", LOCK, ""])
def test_pinned_in_order(others):
    """The pin stands at its place in the alphabet, whatever else the lock holds."""
    names = [line.split("==")[0] for line in pins.pinned(others, PIN).splitlines() if "==" in line]
    assert "merge-lane" in names
    assert names == sorted(names)


def test_pinned_again():
    """A new pin takes the place of the old one."""
    again = PIN.replace("0.2.0", "0.3.0")
    assert pins.pinned(pins.pinned(LOCK, PIN), again) == pins.pinned(LOCK, again)


def test_unpinned():
    """Without the pin the lock is as it was."""
    assert pins.unpinned(pins.pinned(LOCK, PIN)) == LOCK
    assert pins.unpinned(LOCK) == LOCK


def test_version_of():
    """A path names the version too."""
    assert pins.version_of("a/vendor/merge_lane-0.3.0-py3-none-any.whl") == "0.3.0"
