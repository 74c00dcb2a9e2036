"""Executes workflows as they are written, without a runner.

Real: triggers, the order of jobs, `if:`, `${{ }}` (GitHub's own evaluator), permissions of the job's token
against a GitHub on loopback, `run:` steps in bash with their files for outputs and summaries, composite
actions of this repository, git. Doubles: every other `uses:`; one that is not known here, or an input it does
not have, is an error.

Not rehearsed: runner images, concurrency (the group is evaluated, nothing is cancelled), matrices, services,
containers, reusable workflows, the approvals of environments, the masking of secrets, GITHUB_ENV and
GITHUB_PATH, and what GitHub changes.
"""
