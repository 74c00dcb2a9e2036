"""Deploy a reviewed release after a merge, or roll it back.

On a runner the local target has neither a version that serves nor users. So the commit of the last successful
rehearsal is deployed first (else PREVIOUS), test rows are sent, and the environment is stopped at the end.
Staging on AWS has no users either. A local rollback first deploys the release to return to and then the head,
to have something to roll back.
"""

from __future__ import annotations

import signal
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from merge_lane.forge import runner
from merge_lane.forge.steps import cache

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import FrameType

AWS = "aws"
SERVES = Path("tmp/serves/commit")
"""The commit that the last rehearsal deployed; the workflow keeps the file for the next one."""

PREVIOUS = "HEAD^"


def reproduce() -> None:
    """Restore what dvc.lock names (train again where nothing kept it), and check its identity chain.

    Reads DVC_REMOTE.
    """
    cache.checkout()
    runner.run("dvc", "repro")
    runner.run("merge-lane", "verify-data", "--stage", "train")
    runner.run("merge-lane", "release")


def deploy() -> None:
    """Deploy release.json, check the whole identity chain, and ask for predictions.

    Reads ENVIRONMENT, TARGET (local or aws), PREVIOUS, the commit before the merge [HEAD^], and GITHUB_SHA.
    The exit codes are those of `merge-lane deploy`, `verify` and `smoke`.
    """
    environment = _environment()
    if _target() == AWS:
        runner.run("infra/terraform", environment, "init")
        _deploy(environment, *(["--replay"] if environment == "staging" else []))
    else:
        cache.unpack()
        with stopped_at_the_end(environment):
            _deploy(environment, "--baseline", baseline(), "--replay")
    SERVES.parent.mkdir(parents=True, exist_ok=True)
    SERVES.write_text(f"{_head()}\n", encoding="utf-8")


def _deploy(environment: str, *options: str) -> None:
    reason = runner.optional("GITHUB_SHA", "by hand")
    _lane("deploy", environment, "--why", reason, *options)
    for verb in ("verify", "smoke", "status"):
        _lane(verb, environment)


def baseline() -> str:
    """Return the revision that a rehearsal deploys first."""
    kept = SERVES.read_text(encoding="utf-8").strip() if SERVES.is_file() else ""
    return kept or runner.optional("PREVIOUS", PREVIOUS)


def rollback() -> None:
    """Return an environment to the release TO, or to the previous one.

    Reads ENVIRONMENT, TARGET (local or aws), TO, the id of a release, and DVC_REMOTE.
    """
    environment = _environment()
    if _target() == AWS:
        runner.run("infra/terraform", environment, "init")
        _roll_back(environment)  # no rows of the test months are here to ask for predictions
        return
    reproduce()
    with stopped_at_the_end(environment):
        commit = runner.optional("TO", PREVIOUS).partition("-")[0]  # a release's id begins with its commit
        options = ("--baseline", commit, "--replay", "--why", "to be rolled back")
        runner.run("merge-lane", "deploy", "--environment", environment, *options)
        _roll_back(environment)
        _lane("smoke", environment)


def _roll_back(environment: str) -> None:
    release = runner.optional("TO")
    _lane("rollback", environment, *(["--to", release] if release else []))
    _lane("verify", environment)


def _lane(verb: str, environment: str, *options: str) -> None:
    runner.run("merge-lane", verb, "--environment", environment, "--target", _target(), *options)


@contextmanager
def stopped_at_the_end(environment: str) -> Iterator[None]:
    """Stop a local environment when the block ends, also where it fails or is cancelled."""
    stop = ("merge-lane", "stop", "--environment", environment)
    previous = signal.signal(signal.SIGTERM, _exit)
    try:
        yield
    except BaseException:
        _stop_after_failure(stop)
        raise
    finally:
        signal.signal(signal.SIGTERM, previous)
    runner.run(*stop)


def _stop_after_failure(stop: tuple[str, ...]) -> None:
    """Stop the environment; the first failure is the one that is reported as the step's."""
    try:
        runner.run(*stop)
    except runner.ProgramError as error:
        print(f"error: {error}", file=sys.stderr)


def _exit(number: int, _frame: FrameType | None) -> None:
    sys.exit(runner.SIGNALLED + number)


def _environment() -> str:
    return runner.required("ENVIRONMENT", "which environment, such as staging")


def _target() -> str:
    return runner.optional("TARGET", "local")


def _head() -> str:
    head = ["git", "rev-parse", "HEAD"]
    return subprocess.run(head, capture_output=True, text=True, check=True).stdout.strip()
