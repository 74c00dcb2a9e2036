"""Take a newer release of the template into a project: merge the thin shell, replace the library."""

from __future__ import annotations

import sys
import tempfile
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from merge_lane.errors import UpdateError
from merge_lane.template import changelog, library, origin, pins
from merge_lane.template.command import is_dirty, lines, run, run_bytes

if TYPE_CHECKING:
    from collections.abc import Iterator

BRANCH = "template"


@dataclass(frozen=True)
class Update:
    """What an update brought. `before` and `after` are commits of the template's branch of releases."""

    before: str
    after: str
    version_before: str
    version_after: str
    changes: str
    """The library's changelog between the two versions, in Markdown; empty where the version is the same."""
    subjects: tuple[str, ...]
    notes: tuple[str, ...]
    """What people must do themselves."""
    unmerged: tuple[str, ...]
    """Files that hold conflict markers."""
    rejected: dict[str, str]
    """File -> the template's change that did not apply to it."""
    ejected: bool

    @property
    def conflicts(self) -> int:
        """The number of files that a person must settle."""
        return len(self.unmerged) + len(self.rejected)


def update(root: Path) -> Update | None:
    """Apply what is new in the template to the work tree of `root`; return it, or None if nothing is new.

    Raises UpdateError where the project was not generated, has uncommitted changes, or git or cruft fails.
    """
    state = origin.read(root)
    refuse_changes(root)
    branch = state.get("checkout") or BRANCH
    with tempfile.TemporaryDirectory() as directory:
        template = Path(directory, "template")
        run("git", "clone", "--quiet", "--branch", branch, state["template"], str(template), at=root)
        before, after = origin.release(state, template), run("git", "rev-parse", "HEAD", at=template)
        origin.record(root, state, before)
        if before == after:
            return None
        with pinned_as_generated(root, template, before):
            cruft = (sys.executable, "-m", "cruft", "update", "--skip-apply-ask", "--checkout", branch)
            run(*cruft, at=root)
        return describe(root, template, before, after)


def refuse_changes(root: Path) -> None:
    """Raise UpdateError unless the work tree is clean: nobody could tell the two changes apart."""
    if is_dirty(root):
        raise UpdateError(
            "The work tree has changes.",
            where="git status",
            next="commit or stash them, then repeat the command",
        )


@contextmanager
def pinned_as_generated(root: Path, template: Path, release: str) -> Iterator[None]:
    """Let a project that ejected the library look for a moment as if it had the wheel of `release`.

    Its locks would conflict with the template's in every update otherwise. Its library is left alone.
    """
    if not library.is_ejected(root):
        yield
        return
    start = run("git", "rev-parse", "HEAD", at=root)
    path = wheel_of(template, release)
    library.put(root, Path(path).name, run_bytes("git", "cat-file", "blob", f"{release}:{path}", at=template))
    run("git", "add", "--all", at=root)
    run("git", "commit", "--quiet", "--no-verify", "--message", "For a moment: the wheel", at=root)
    try:
        yield
    finally:
        library.remove(root)
        run("git", "reset", "--quiet", "--mixed", start, at=root)


def describe(root: Path, template: Path, before: str, after: str) -> Update:
    """Return what came with the releases after `before`, up to `after`."""
    span = f"{before}..{after}"
    added = lines("git", "diff", "--diff-filter=A", "--name-only", span, "--", "migrations", at=template)
    old, new = (pins.version_of(wheel_of(template, release)) for release in (before, after))
    text = changelog.of_wheel(template / wheel_of(template, after))
    return Update(
        before=before,
        after=after,
        version_before=old,
        version_after=new,
        changes=changelog.since(text, old),
        subjects=lines("git", "log", "--reverse", "--format=%s", span, at=template),
        notes=tuple((template / name).read_text(encoding="utf-8").strip() for name in added),
        unmerged=lines("git", "diff", "--name-only", "--diff-filter=U", at=root),
        rejected=rejected(root),
        ejected=library.is_ejected(root),
    )


def wheel_of(template: Path, release: str) -> str:
    """Return the path of the library's wheel in a release of the template."""
    names = lines("git", "ls-tree", "-r", "--name-only", release, at=template)
    wheels = [name for name in names if name.endswith(".whl") and f"/{pins.WHEELS}/" in name]
    if len(wheels) != 1:
        raise UpdateError(
            f"The template's release {release[:10]} holds {len(wheels)} wheels of merge-lane, not one.",
            where=f"{pins.WHEELS}/{pins.WHEEL}",
            next=f"check the commit in {origin.STATE}: it must be a release of the template",
        )
    return wheels[0]


def rejected(root: Path) -> dict[str, str]:
    """Return file -> text of the changes that did not apply; git leaves them next to the files."""
    names = lines("git", "ls-files", "--others", "--exclude-standard", "*.rej", at=root)
    return {name: (root / name).read_text(encoding="utf-8", errors="replace") for name in names}
