"""An update as a pull request: its title, its text, and the patch that another job applies."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from merge_lane.template.command import run, run_bytes

if TYPE_CHECKING:
    from pathlib import Path

    from merge_lane.template.update import Update

LONGEST_REJECT = 4000  # characters of one rejected change; GitHub takes 65,536 for a whole pull request
LONGEST_CHANGES = 20_000  # characters of the changelog


def title(update: Update) -> str:
    """Return the title: from which version of the library to which."""
    old, new = update.version_before, update.version_after
    text = f"Update merge-lane {old} -> {new}"
    if old == new or update.ejected:
        text = "Update from the template"
    plural = "s" if update.conflicts > 1 else ""
    return text + (f" ({update.conflicts} conflict{plural})" if update.conflicts else "")


def text(update: Update) -> str:
    """Return the text in Markdown."""
    parts = [f"The template moved from `{update.before[:10]}` to `{update.after[:10]}`."]
    parts += [*library_part(update), *notes_part(update), *conflicts_part(update)]
    parts += ["## What changed in the template", "\n".join(f"- {subject}" for subject in update.subjects)]
    parts.append("Your own files (`[tool.cruft]` in `pyproject.toml`) are as they were.")
    return "\n\n".join(parts) + "\n"


def library_part(update: Update) -> list[str]:
    """Return what changed in the library."""
    old, new = update.version_before, update.version_after
    if old == new:
        return []
    changes = shortened(update.changes, LONGEST_CHANGES, "CHANGELOG.md of merge-lane has the rest")
    if update.ejected:
        first = f"`library/` is yours and stays as it is. merge-lane moved from {old} to {new} meanwhile:"
    else:
        first = "`make reproduce` runs the stages whose code changed, and no others."
    return [f"## merge-lane {old} -> {new}", first, changes]


def notes_part(update: Update) -> list[str]:
    """Return what people must do themselves."""
    return ["## To do by hand", *update.notes] if update.notes else []


def conflicts_part(update: Update) -> list[str]:
    """Return what could not be merged, with the template's side of it."""
    if not update.conflicts:
        return []
    parts = [f"## Conflicts: {update.conflicts}"]
    parts.append("You and the template changed the same lines. Settle each, then mark this ready for review.")
    parts += [f"- `{name}` holds conflict markers" for name in update.unmerged]
    parts += [f"- `{name}`\n\n{fenced(change)}" for name, change in update.rejected.items()]
    return parts


def fenced(change: str) -> str:
    """Return a change as a Markdown block that its own text cannot end."""
    shown = shortened(change, LONGEST_REJECT, "the file has the rest")
    fence = "`" * (3 + max((len(ticks) for ticks in re.findall("`+", shown)), default=0))
    return f"{fence}diff\n{shown}\n{fence}"


def shortened(long: str, most: int, rest: str) -> str:
    """Return at most `most` characters, and where the rest is."""
    return long if len(long) <= most else f"{long[:most]}\n(cut: {rest})"


def write(update: Update, root: Path, start: str, folder: Path) -> None:
    """Write release, title, body.md and update.patch. `start` is the commit that the patch applies to."""
    run("git", "add", "--all", at=root)
    folder.mkdir(parents=True, exist_ok=True)
    patch = run_bytes("git", "diff", "--cached", "--binary", start, at=root)
    (folder / "update.patch").write_bytes(patch)
    for name, content in {"title": title(update), "body.md": text(update), "release": update.after}.items():
        (folder / name).write_text(content.rstrip("\n") + "\n", encoding="utf-8")
