"""Appends the assembled template to the branch `template`, from which cruft and Backstage generate.

    python template-only/release.py [--push REMOTE]

One commit per change of the template, never rewritten: projects name the commit that they were made from.
"""

from __future__ import annotations

import argparse
import os
import runpy
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
BRANCH = "refs/heads/template"
TRAILER = "Live-Commit"
SIGNED = {
    "GIT_AUTHOR_NAME": "Template release",
    "GIT_AUTHOR_EMAIL": "template@localhost",
    "GIT_COMMITTER_NAME": "Template release",
    "GIT_COMMITTER_EMAIL": "template@localhost",
}
ABOUT = """# The assembled template

A workflow appends to this branch: each commit is the template as it was assembled from a commit of `main`.
Generate a project from `main`. Tools that run no pre_prompt hook (cruft, Backstage) use this branch:

    cruft create <this repository> --checkout template

Change `main`, not this branch. Nothing is ever force-pushed here.
"""


class ReleaseError(Exception):
    """A reason, in a sentence, why there is no release."""


def git(*arguments: str, **extra: str) -> str:
    """Return what git prints; raise ReleaseError with git's message if it fails."""
    environment = {**os.environ, **extra}
    result = subprocess.run(
        ["git", *arguments], cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )
    if result.returncode:
        raise ReleaseError(f"git {arguments[0]}: {result.stderr.strip() or result.stdout.strip()}")
    return result.stdout.strip()


def exists(reference: str) -> bool:
    """Return whether git knows the reference."""
    command = ["git", "rev-parse", "--quiet", "--verify", reference]
    return subprocess.run(command, cwd=ROOT, capture_output=True, check=False).returncode == 0


def tree() -> str:
    """Return the git tree of the assembled template, with the files that cookiecutter needs next to it."""
    with tempfile.TemporaryDirectory() as directory:
        into, index = Path(directory, "tree"), Path(directory, "index")
        (into / "hooks").mkdir(parents=True)
        runpy.run_path(str(ROOT / "hooks" / "pre_prompt.py"))["assemble"](ROOT, into)
        shutil.copy(ROOT / "hooks" / "post_gen_project.py", into / "hooks")
        for module in ROOT.glob("template_only_*.py"):
            shutil.copy(module, into)
        shutil.copytree(ROOT / "template-only" / "migrations", into / "migrations")
        (into / "README.md").write_text(ABOUT, encoding="utf-8")
        apart = {"GIT_INDEX_FILE": str(index)}
        # Forced: the project's own .gitignore does not decide what the template holds.
        git("-c", "core.autocrlf=false", "--work-tree", str(into), "add", "--all", "--force", ".", **apart)
        return git("write-tree", **apart)


def parent(remote: str | None) -> str | None:
    """Return the branch's newest commit: the remote's where one is named and has it, else the local one."""
    if remote and git("ls-remote", "--heads", remote, "template"):
        git("fetch", "--quiet", "--no-tags", remote, f"+{BRANCH}:refs/remotes/{remote}/template")
        return git("rev-parse", f"refs/remotes/{remote}/template")
    return git("rev-parse", BRANCH) if exists(BRANCH) else None


def append(remote: str | None) -> str | None:
    """Append the template of HEAD; return the new commit, or None if the template has not changed."""
    if git("status", "--porcelain", "--untracked-files=no"):
        raise ReleaseError("The work tree has changes: commit them first. A release names a commit.")
    before, now, live = parent(remote), tree(), git("rev-parse", "HEAD")
    if before and git("rev-parse", f"{before}^{{tree}}") == now:
        return None
    subject = git("log", "-1", "--format=%s", live)
    message = f"{subject}\n\n{TRAILER}: {live}"
    commit = git("commit-tree", now, *(["-p", before] if before else []), "-m", message, **SIGNED)
    if remote:
        git(
            "push", "--quiet", remote, f"{commit}:{BRANCH}"
        )  # refused by git if someone was faster: run again
    else:
        git("update-ref", BRANCH, commit)
    return commit


def main(argv: list[str] | None = None) -> int:
    """Append, and print the commit."""
    parser = argparse.ArgumentParser(description="Append the assembled template to the branch `template`.")
    parser.add_argument("--push", metavar="REMOTE", help="append to the branch of this remote, and push it")
    remote = parser.parse_args(argv).push
    try:
        commit = append(remote)
    except ReleaseError as reason:
        print(f"No release: {reason}", file=sys.stderr)
        return 1
    print(f"template: {commit}" if commit else "template: nothing has changed")
    return 0


if __name__ == "__main__":
    sys.exit(main())
