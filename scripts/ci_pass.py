"""The one required check: pass, or which job stands in the way and what to do. Standard library only."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any

# Without a cloud there is no plan; a fresh lock needs no commit; another workflow posts a fork's report.
MUST_SUCCEED = ("check", "train", "review")
MAY_BE_SKIPPED = ("plan", "commit", "report")
NEXT = {
    "check": "make check shows the same at a desk",
    "train": "make lock shows the same at a desk",
    "plan": "Terraform refused: the report shows what it said",
    "commit": "its log says what was refused",
    "review": "a gate blocks, or the review could not be made: read the report",
    "report": "the report could not be posted; it is an artefact of this run",
}


def verdict(needs: dict[str, Any]) -> list[str]:
    """Return what stands in the way; nothing when the pull request may be merged."""
    results = {name: job["result"] for name, job in needs.items()}
    if (needs.get("train", {}).get("outputs") or {}).get("fresh") == "false":
        return _stale(results)
    wrong = [name for name in MUST_SUCCEED if results.get(name) != "success"]
    wrong += [name for name in MAY_BE_SKIPPED if results.get(name) not in ("success", "skipped")]
    return [f"{name}: {results.get(name, 'missing')} ({NEXT[name]})" for name in wrong]


def _stale(results: dict[str, str]) -> list[str]:
    """The commit that is merged must be the commit that was checked; this one has another lock."""
    if results.get("commit") == "success":
        return [
            "train: dvc.lock was stale; a commit with the reproduced lock follows, and its own run decides"
        ]
    if results.get("commit") == "skipped":
        return ["train: dvc.lock is stale and cannot be committed from here: commit what `make lock` names"]
    return [f"commit: {results.get('commit', 'missing')} ({NEXT['commit']})"]


def main() -> int:
    """Print the verdict, also to the summary of the run."""
    wrong = verdict(json.loads(os.environ["NEEDS"]))
    text = (
        "\n".join(["not yet:", *(f"- {line}" for line in wrong)])
        if wrong
        else "pass: this commit may be merged"
    )
    print(text)
    if summary := os.environ.get("GITHUB_STEP_SUMMARY"):
        with Path(summary).open("a", encoding="utf-8") as stream:
            stream.write(text + "\n")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
