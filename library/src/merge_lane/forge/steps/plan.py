"""What this code would change in each environment that runs, for the report of the pull request.

One file per environment, tmp/plan/ENVIRONMENT.txt; its first line is the summary. Standard library only.
"""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

from merge_lane.errors import PlanError
from merge_lane.forge import runner

TERRAFORM = Path("infra/terraform")
ENVIRONMENTS = Path("infra/environment")
FOLDER = Path("tmp/plan")
SUMMARY = re.compile(r"^(?:Plan:|No changes\.|Nothing is deployed|Changes to Outputs)")
PROGRESS = re.compile(r": (?:Refreshing state|Reading|Read complete|Still reading)")
FAILED = "The plan failed."


def plan() -> None:
    """Write what Terraform would change in each environment to tmp/plan; a plan that fails is written too.

    Reads TF_STATE_BUCKET, TF_STATE_KMS_KEY and TF_STATE_REGION. Exit code 36: a plan failed.
    """
    names = environments()
    summaries = {name: plan_environment(name) for name in names}
    failed = [name for name in names if summaries[name] == FAILED]
    if failed:
        raise PlanError(
            f"Terraform could not plan {', '.join(failed)}.",
            where=str(FOLDER),
            next="read its message in the report of the pull request, or in that folder",
        )


def environments() -> list[str]:
    """Return the environments, each of which has its values in infra/environment. Raises PlanError."""
    names = sorted(path.stem for path in ENVIRONMENTS.glob("*.tfvars"))
    if not names:
        raise PlanError(
            "There is no environment to plan.", where=f"{ENVIRONMENTS}/*.tfvars", next="see docs/infra.md"
        )
    return names


def plan_environment(name: str) -> str:
    """Plan one environment, write the result, and return its summary."""
    succeeded, text = _terraform(name)
    lines = text.splitlines()
    summary = next(filter(SUMMARY.match, lines), FAILED) if succeeded else FAILED
    shown = [line for line in lines if not PROGRESS.search(line)]
    FOLDER.mkdir(parents=True, exist_ok=True)
    (FOLDER / f"{name}.txt").write_text("\n".join([summary, "", *shown, ""]), encoding="utf-8")
    print(f"plan of {name}: {summary}", flush=True)
    return summary


def _terraform(name: str) -> tuple[bool, str]:
    """Return whether Terraform could plan, and the output of the command that decided it."""
    succeeded, text = _run(name, "init")
    return _run(name, "plan-as-deployed") if succeeded else (succeeded, text)


def _run(name: str, command: str) -> tuple[bool, str]:
    result = subprocess.run(
        [TERRAFORM, name, command, "-no-color"],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        errors="replace",
        check=False,
    )
    return result.returncode == 0, result.stdout


if __name__ == "__main__":
    sys.exit(runner.standalone(plan))
