"""Start pull-request.yml on a branch's new head: a push by GITHUB_TOKEN starts no workflow, a dispatch does.

Standard library only.
"""

from __future__ import annotations

import sys

from merge_lane.forge import runner
from merge_lane.forge.github import workflow

PATH = "actions/workflows/pull-request.yml/dispatches"


def dispatch() -> None:
    """Start pull-request.yml on the head of a branch.

    Reads REPOSITORY (owner/name), HEAD_BRANCH, PULL_REQUEST (its number), BASE_BRANCH, RUN (the run whose DVC
    cache the new one takes over) and GH_TOKEN. Exit code 41: GitHub refused.
    """
    branch = runner.required("HEAD_BRANCH", "the branch to run on")
    inputs = {
        "pull-request": str(workflow.pull_request()),
        "base": runner.required("BASE_BRANCH", "the branch to merge into"),
        "run": runner.required("RUN", "the id of this run"),
    }
    workflow.client().send("POST", PATH, {"ref": branch, "inputs": inputs})
    print(f"dispatch: pull-request.yml on {branch}")


if __name__ == "__main__":
    sys.exit(runner.standalone(dispatch))
