"""The one required check: pass, or which job blocks the merge and what to do. Standard library only."""

from __future__ import annotations

import json
import sys
from typing import Any

from merge_lane.errors import ProjectError
from merge_lane.forge import runner

# Without a cloud there is no plan; a fresh lock needs no commit; another workflow posts a fork's report.
MUST_SUCCEED = ("check", "train", "review")
MAY_BE_SKIPPED = ("plan", "commit", "report")
NEXT = {
    "check": "run `make check` locally to see the same",
    "train": "run `make lock` locally to see the same",
    "plan": "Terraform failed: the report shows its message",
    "commit": "its log names the cause",
    "review": "a gate blocks, or the review failed: read the report",
    "report": "the report could not be posted; it is an artefact of this run",
}


class NotYetError(ProjectError):
    """A job blocks the merge: the required check fails."""


def check() -> None:
    """Decide whether this commit may be merged, from the results of the other jobs.

    Reads NEEDS, the workflow's `needs` as JSON. Raises NotYetError where a job blocks the merge.
    """
    blocking = blockers(_needs())
    text = "\n".join(["not yet:", *(f"- {line}" for line in blocking)])
    text = text if blocking else "pass: this commit may be merged"
    print(text)
    runner.write_summary(text + "\n")
    if blocking:
        raise NotYetError("This commit may not be merged yet.", next="see the list above")


def _needs() -> dict[str, Any]:
    text = runner.required("NEEDS", "the workflow's `needs` as JSON")
    try:
        needs = json.loads(text)
    except ValueError as error:
        raise runner.InputError(f"NEEDS is not JSON: {error}.", next="pass it as toJSON(needs)") from error
    if not isinstance(needs, dict):
        raise runner.InputError("NEEDS is not an object.", next="pass it as toJSON(needs)")
    return needs


def blockers(needs: dict[str, Any]) -> list[str]:
    """Return what blocks the merge; nothing when the commit may be merged."""
    results = {name: job["result"] for name, job in needs.items()}
    if (needs.get("train", {}).get("outputs") or {}).get("fresh") == "false":
        return _stale(results)
    wrong = [name for name in MUST_SUCCEED if results.get(name) != "success"]
    wrong += [name for name in MAY_BE_SKIPPED if results.get(name) not in ("success", "skipped")]
    return [f"{name}: {results.get(name, 'missing')} ({NEXT[name]})" for name in wrong]


def _stale(results: dict[str, str]) -> list[str]:
    """The commit that is merged must be the commit that was checked; this one has another lock."""
    commit = results.get("commit", "missing")
    if commit == "success":
        return [
            "train: dvc.lock was stale; a commit with the reproduced lock follows, and its own run decides"
        ]
    if commit == "skipped":
        return ["train: dvc.lock is stale and cannot be committed from here: commit what `make lock` names"]
    return [f"commit: {commit} ({NEXT['commit']})"]


if __name__ == "__main__":
    sys.exit(runner.standalone(check))
