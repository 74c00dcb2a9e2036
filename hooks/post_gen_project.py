"""Makes the generated directory a project: records its origin, makes a repository, prints what to do next.

cookiecutter renders this file and runs it in the new project. Standard library only, Python 3.8 or newer.
"""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

ANSWERS = json.loads(r"""{{ cookiecutter | jsonify }}""")
BRANCH = "template"  # where the template's releases are, each a commit
TRAILER = "Live-Commit"  # names the commit of the live tree that a release was assembled from
STAND_IN = {  # signs the first commit only where git knows no name
    "GIT_AUTHOR_NAME": "Project template",
    "GIT_AUTHOR_EMAIL": "template@localhost",
    "GIT_COMMITTER_NAME": "Project template",
    "GIT_COMMITTER_EMAIL": "template@localhost",
}


def git(*arguments: str, at: str = ".", extra: dict[str, str] | None = None) -> str | None:
    """Return what git prints, or None if it fails."""
    surrounding = {"GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_PREFIX"}
    environment = {key: value for key, value in os.environ.items() if key not in surrounding}
    command = ["git", "-C", at, *arguments]
    result = subprocess.run(command, capture_output=True, text=True, env={**environment, **(extra or {})})  # noqa: PLW1510
    return result.stdout.strip() if result.returncode == 0 else None


def home(template: str, clone: str) -> str:
    """Return where updates come from: the clone's origin, else its path, else the template's home."""
    if git("rev-parse", "--git-dir", at=clone) is None:
        return str(ANSWERS.get("_home", ""))
    origin = git("config", "--get", "remote.origin.url", at=clone) or str(
        Path(template).expanduser().resolve()
    )
    return re.sub(r"^(https?://)[^/@]+@", r"\1", origin)  # a token in the URL stays out of the project


def release(clone: str) -> tuple[str | None, str | None]:
    """Return the commit of the live tree used, and the release on branch `template` nearest before it."""
    head = git("rev-parse", "HEAD", at=clone)
    if head is None:  # an archive: git put the commit in there as it packed it
        packed = Path(clone, "template-only", "commit")
        text = packed.read_text(encoding="utf-8").strip() if packed.exists() else ""
        return (text if re.fullmatch(r"[0-9a-f]{40}", text) else None), None
    if git("ls-tree", "--name-only", head, "hooks/pre_prompt.py", at=clone) == "":  # a release itself
        return git("log", "-1", f"--format=%(trailers:key={TRAILER},valueonly)", head, at=clone), head
    for branch in (f"refs/remotes/origin/{BRANCH}", f"refs/heads/{BRANCH}"):
        listed = git(
            "log", f"--format=%H %(trailers:key={TRAILER},valueonly,separator=%x20)", branch, at=clone
        )
        for line in (listed or "").splitlines():
            commit, _, live = line.partition(" ")
            if live and git("merge-base", "--is-ancestor", live, head, at=clone) is not None:
                return head, commit
    return head, None


def cruft_state() -> dict[str, object]:
    """Return what `cruft` needs for updates. It names no path, unless the template itself is one."""
    clone = str(ANSWERS.get("_repo_dir", ""))
    url = home(str(ANSWERS.get("_template", "")), clone)
    live, commit = release(clone)
    answers = {key: value for key, value in ANSWERS.items() if not key.startswith("_")}
    return {
        "template": url,
        "commit": commit,
        "checkout": BRANCH,
        "context": {"cookiecutter": {**answers, "_template": url}},
        "directory": None,
        "live_commit": live,
    }


def repository() -> list[str]:
    """Make the first commit on main; return the lines that describe it."""
    if not shutil.which("git"):
        return ["git is not installed: no repository was made. Install it, then `git init && git add -A`."]
    if Path(".git").exists():
        return ["This is a git repository already: nothing was committed. `git diff` shows what changed."]
    parent = git("rev-parse", "--show-toplevel")
    known = git("config", "--get", "user.email") or os.environ.get("GIT_AUTHOR_EMAIL")
    # `git init -b` needs git 2.28, so a command of its own names the branch. Global git hooks do not run.
    steps = [
        ("init", "--quiet"),
        ("symbolic-ref", "HEAD", "refs/heads/main"),
        ("add", "--all"),
        (
            "commit",
            "--quiet",
            "--no-verify",
            "--no-gpg-sign",
            "-m",
            f"Start {ANSWERS['project_name']} from its template",
        ),
    ]
    if any(git(*step, extra=None if known else STAND_IN) is None for step in steps):
        return ["git could not make the first commit: run `git add -A && git commit` and read what it says."]
    lines = [f"git      branch main, first commit {git('rev-parse', '--short', 'HEAD')}"]
    if not known:
        lines.append("         signed by a stand-in: git knows no user.email here. Set yours, then")
        lines.append("         git commit --amend --no-edit --reset-author")
    return lines + ([f"         inside another repository, {parent}"] if parent else [])


def updates(state: dict[str, object]) -> str:
    """Return where updates come from."""
    commit = state["commit"]
    since = f"since {str(commit)[:10]}" if commit else "from the first release after this one"
    return f"updates  {state['template']} ({since}); `make update-template` takes them"


def following() -> list[str]:
    """Return the next commands."""
    data = ".venv/bin/merge-lane adopt FILE --target COLUMN   # your table instead of the example"
    return [
        f"cd {shlex.quote(os.path.relpath(Path.cwd(), os.environ.get('PWD', '.')))}",
        "make setup   # .venv with the locked requirements: a minute or two the first time",
        "make hooks   # check each commit before it is made",
        *([data] if ANSWERS["data"] == "own" else []),
        "make run     # the whole pipeline: validated, trained, measured",
        f"gh repo create {ANSWERS['owner']}/{ANSWERS['project_slug']} --private --source . --push",
        "make github  # rules, environments, variables and labels of that repository",
    ]


def main() -> int:
    """Finish the project; print what was done and what is next."""
    if "_commit" in ANSWERS:  # cruft renders projects only to compare them, and keeps its own record
        return 0
    state = cruft_state()
    Path(".cruft.json").write_text(json.dumps(state, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    lines = [*repository(), updates(state)]
    print(f"\nMade {ANSWERS['project_name']} in {Path.cwd()}\n")
    print("\n".join("  " + line for line in lines))
    print("\nNext:\n" + "\n".join("  " + line for line in following()) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
