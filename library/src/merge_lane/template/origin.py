"""`.cruft.json`: the template and the release that a project was made from."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from merge_lane.errors import UpdateError
from merge_lane.template.command import is_dirty, lines, run

if TYPE_CHECKING:
    from pathlib import Path

STATE = ".cruft.json"
TRAILER = "Live-Commit"  # on each release: the commit of main that it was assembled from


def read(root: Path) -> dict[str, Any]:
    """Return what the project records of its template. Raises UpdateError where it was not generated."""
    try:
        state: dict[str, Any] = json.loads((root / STATE).read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise UpdateError(
            "This directory was not generated from a template.",
            where=STATE,
            next="run the command in the root of a project that cookiecutter made",
        ) from error
    except ValueError as error:
        raise UpdateError(
            f"{STATE} is not JSON: {error}.", where=STATE, next=f"restore it: `git checkout {STATE}`"
        ) from error
    return state


def release(state: dict[str, Any], template: Path) -> str:
    """Return the release that the project was made from: by its commit of main, or the one that is recorded.

    `template` is a clone of the template's branch of releases. Raises UpdateError where nothing names one.
    """
    trailer = f"%(trailers:key={TRAILER},valueonly,separator=%x20)"
    listed = [line.partition(" ") for line in lines("git", "log", f"--format=%H {trailer}", at=template)]
    releases = {live: commit for commit, _, live in listed if live}
    commit: str | None = releases.get(state.get("live_commit") or "") or state["commit"]
    if not commit:
        raise UpdateError(
            f"{STATE} names no release of the template.",
            where=STATE,
            next=f"find the release that this project was made from in `git log {state.get('checkout')}` of "
            f"{state['template']}, and write it there as `commit`",
        )
    return commit


def record(root: Path, state: dict[str, Any], commit: str) -> None:
    """Write the release down, as a commit of its own: cruft wants a clean work tree."""
    if "live_commit" not in state and state["commit"] == commit:
        return
    kept = {key: value for key, value in {**state, "commit": commit}.items() if key != "live_commit"}
    (root / STATE).write_text(json.dumps(kept, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
    if is_dirty(root):
        message = "Record which release of the template this project was made from"
        run("git", "commit", "--quiet", "--no-verify", "--message", message, STATE, at=root)
