"""Takes what the template has learnt since this project was generated or last updated.

    python scripts/update_template.py [--into FOLDER]

Wraps `cruft update`: knows the branch that releases are on, finds the release that a project was made from,
and says in Markdown what came, what conflicts, and what is left to do. Files that belong to the user
(`[tool.cruft]` in pyproject.toml) are never touched. Standard library only.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

STATE = Path(".cruft.json")
TRAILER = "Live-Commit"  # on each release: the commit of main that it was assembled from
EXAMPLE = "tests/example"  # what adopting a table removes; words.txt there tells its other tests
LONGEST_REJECT = 4000  # characters of one rejected change; GitHub takes 65,536 for a whole pull request


class UpdateError(Exception):
    """A reason, in a sentence, why nothing could be updated."""


@dataclass(frozen=True)
class Update:
    """What an update brought."""

    before: str
    after: str
    subjects: tuple[str, ...]
    notes: tuple[str, ...]
    unmerged: tuple[str, ...]
    rejected: dict[str, str]


def run(*command: str, at: str | Path = ".") -> str:
    """Return what a command prints; raise UpdateError with what it said if it fails."""
    done = subprocess.run(command, cwd=at, capture_output=True, text=True, check=False)
    if done.returncode:
        raise UpdateError(f"`{' '.join(command[:3])}` failed: {(done.stderr or done.stdout).strip()}")
    return done.stdout.rstrip("\n")


def lines(*command: str, at: str | Path = ".") -> tuple[str, ...]:
    """Return the lines that a command prints."""
    return tuple(filter(None, run(*command, at=at).splitlines()))


def state() -> dict[str, str]:
    """Return what the project knows of its template."""
    if not STATE.exists():
        raise UpdateError("There is no .cruft.json here: this directory was not generated from a template.")
    known: dict[str, str] = json.loads(STATE.read_text(encoding="utf-8"))
    return known


def write(known: dict[str, str]) -> None:
    """Write it as cruft does."""
    STATE.write_text(json.dumps(known, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")


def refuse_changes() -> None:
    """An update goes onto a clean work tree, or nobody could tell the two apart."""
    if run("git", "status", "--porcelain"):
        raise UpdateError("The work tree has changes: commit or stash them, then run this again.")


def origin(known: dict[str, str], template: Path) -> str:
    """Return the release that the project was made from: found by its commit of main, or the one noted."""
    trailer = f"%(trailers:key={TRAILER},valueonly,separator=%x20)"
    listed = [line.partition(" ") for line in lines("git", "log", f"--format=%H {trailer}", at=template)]
    releases = {live: commit for commit, _, live in listed if live}
    found = releases.get(known.get("live_commit") or "") or known["commit"]
    if not found:
        raise UpdateError(
            f"{STATE} names no release of the template. Look for the one that this project was made from in "
            f"`git log {known.get('checkout')}` of {known['template']}, and write it there as `commit`."
        )
    return found


def note_origin(known: dict[str, str], commit: str) -> None:
    """Write down the release that was found, as a commit: cruft wants a clean work tree."""
    if "live_commit" not in known and known["commit"] == commit:
        return
    write({key: value for key, value in {**known, "commit": commit}.items() if key != "live_commit"})
    if run("git", "status", "--porcelain"):
        message = "Note which release of the template this project was made from"
        run("git", "commit", "--quiet", "--no-verify", "-m", message, str(STATE))


def update(known: dict[str, str]) -> Update | None:
    """Apply the template's changes to the work tree; return what came, or None if nothing is new."""
    refuse_changes()
    branch = known.get("checkout") or "template"
    with tempfile.TemporaryDirectory() as directory:
        template = Path(directory, "template")
        run("git", "clone", "--quiet", "--branch", branch, known["template"], str(template))
        before, after = origin(known, template), run("git", "rev-parse", "HEAD", at=template)
        note_origin(known, before)
        if before == after:
            return None
        run("cruft", "update", "--skip-apply-ask", "--checkout", branch)
        drop_example(template)
        span = f"{before}..{after}"
        added = lines("git", "diff", "--diff-filter=A", "--name-only", span, "--", "migrations", at=template)
        notes = tuple((template / name).read_text(encoding="utf-8").strip() for name in added)
        subjects = lines("git", "log", "--reverse", "--format=%s", span, at=template)
    return Update(before, after, subjects, notes, unmerged(), rejected())


def drop_example(template: Path) -> None:
    """A project on its own data has no example: what the update adds to it goes again."""
    if lines("git", "ls-tree", "--name-only", "HEAD", f"{EXAMPLE}/words.txt"):
        return
    listed = "".join(path.read_text(encoding="utf-8") for path in template.glob(f"*/{EXAMPLE}/words.txt"))
    words = [word.encode() for word in listed.splitlines() if word]
    staged = lines("git", "diff", "--cached", "--no-renames", "--diff-filter=A", "--name-only", "--", "tests")
    others = lines("git", "ls-files", "--others", "--exclude-standard", "--", "tests")
    for name in (*staged, *(other for other in others if not other.endswith(".rej"))):
        text = Path(name).read_bytes().lower()
        if name.startswith(f"{EXAMPLE}/") or any(word in text for word in words):
            run("git", "rm", "--cached", "--force", "--quiet", "--ignore-unmatch", name)
            Path(name).unlink()


def unmerged() -> tuple[str, ...]:
    """Return the files that hold conflict markers."""
    return lines("git", "diff", "--name-only", "--diff-filter=U")


def rejected() -> dict[str, str]:
    """Return path -> text of the changes that did not apply; git leaves them beside the files."""
    names = lines("git", "ls-files", "--others", "--exclude-standard", "*.rej")
    return {name: Path(name).read_text(encoding="utf-8", errors="replace") for name in names}


def report(came: Update) -> str:
    """Return the text of the pull request."""
    parts = [f"The template moved from `{came.before[:10]}` to `{came.after[:10]}`.", *notes_part(came)]
    parts += conflicts_part(came)
    parts += ["## What changed in the template", "\n".join(f"- {subject}" for subject in came.subjects)]
    parts.append(
        "Your own files (`[tool.cruft]` in `pyproject.toml`) are as they were. See `docs/updating.md`."
    )
    return "\n\n".join(parts) + "\n"


def notes_part(came: Update) -> list[str]:
    """Return what people must do themselves."""
    return ["## To do by hand", *came.notes] if came.notes else []


def conflicts_part(came: Update) -> list[str]:
    """Return what could not be merged, with the template's side of it."""
    if not came.unmerged and not came.rejected:
        return []
    parts = [f"## Conflicts: {len(came.unmerged) + len(came.rejected)}"]
    parts.append(
        "You changed these lines and so did the template. Settle each, then mark this ready for review."
    )
    parts += [f"- `{name}` holds conflict markers" for name in came.unmerged]
    parts += [f"- `{name}`\n\n{fenced(text)}" for name, text in came.rejected.items()]
    return parts


def fenced(text: str) -> str:
    """Return a change as a Markdown block that its own text cannot end."""
    shown = text[:LONGEST_REJECT] + ("\n(cut: the file has the rest)" if len(text) > LONGEST_REJECT else "")
    fence = "`" * (3 + max((len(ticks) for ticks in re.findall("`+", shown)), default=0))
    return f"{fence}diff\n{shown}\n{fence}"


def pull_request(came: Update, start: str, into: Path) -> None:
    """Write what another job, which runs none of the template's code, makes a pull request of."""
    run("git", "add", "--all")
    patch = subprocess.run(
        ["git", "diff", "--cached", "--binary", start], capture_output=True, check=True
    ).stdout
    conflicts = len(came.unmerged) + len(came.rejected)
    title = "Update from the template" + (f" ({conflicts} conflicts)" if conflicts else "")
    into.mkdir(parents=True, exist_ok=True)
    (into / "update.patch").write_bytes(patch)
    (into / "title").write_text(title + "\n", encoding="utf-8")
    (into / "body.md").write_text(report(came), encoding="utf-8")
    (into / "release").write_text(came.after + "\n", encoding="utf-8")
    if output := os.environ.get("GITHUB_OUTPUT"):
        with Path(output).open("a", encoding="utf-8") as stream:
            stream.write(f"release={came.after}\n")


def main(argv: list[str] | None = None) -> int:
    """Update, and say what came."""
    parser = argparse.ArgumentParser(description="Take what the template has learnt.")
    parser.add_argument(
        "--into", type=Path, help="write a pull request's title, body and patch to this folder"
    )
    into = parser.parse_args(argv).into
    if into and not STATE.exists():  # the template itself runs the same workflow
        print("This project was not generated: there is nothing to update from.")
        return 0
    try:
        known = state()
        start = run("git", "rev-parse", "HEAD")
        came = update(known)
        print(report(came) if came else "The template has nothing new.")
        if came and into:
            pull_request(came, start, into)
    except UpdateError as reason:
        print(f"No update: {reason}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
