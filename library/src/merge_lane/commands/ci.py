"""The group `ci`: the steps of the workflows, which take their values from the environment."""

from __future__ import annotations

from importlib import import_module

import click

# step -> (module under merge_lane.forge, function, what it does). Order is the order of work.
STEPS = {
    "unpack": ("steps.cache", "unpack", "Take over DVC's cache from an earlier run."),
    "checkout": ("steps.cache", "checkout", "Take over DVC's cache and the reproduced lock."),
    "pack": ("steps.cache", "pack", "Leave DVC's cache to the next job."),
    "plan": ("steps.plan", "plan", "Write what Terraform would change in each environment."),
    "report": ("steps.report", "report", "Write the report, with Terraform's plans."),
    "dispatch": ("github.dispatch", "dispatch", "Start pull-request.yml on the head of a branch."),
    "fetch-cml": ("github.fetch_cml", "fetch_cml", "Download CML's released binary."),
    "post-report": ("github.post_report", "post_report", "Post the report as the one comment."),
    "fork-report": ("github.fork_report", "fork_report", "Download the report of a fork's run."),
    "pass": ("github.required_check", "check", "Decide whether this commit may be merged."),
    "reproduce": ("steps.deploy", "reproduce", "Restore what dvc.lock names, or train again."),
    "image": ("steps.image", "image", "Bring the image to its registry, unless it is there."),
    "verify-image": ("github.verify_image", "verify_image", "Verify who built the image."),
    "deploy": ("steps.deploy", "deploy", "Deploy the release, and check what serves."),
    "rollback": ("steps.deploy", "rollback", "Return an environment to an earlier release."),
}


class Steps(click.Group):
    """A group that imports a step only when it is called; a step takes no argument."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        """Return the steps in the order of work."""
        return list(STEPS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        """Import the step's module and return the step, with its docstring as help."""
        if cmd_name not in STEPS:
            return None
        module, function, _ = STEPS[cmd_name]
        step = getattr(import_module(f"merge_lane.forge.{module}"), function)
        return click.Command(cmd_name, callback=step, help=step.__doc__)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        """List the steps from the table: help imports none of them."""
        with formatter.section("Steps"):
            formatter.write_dl([(step, text) for step, (_, _, text) in STEPS.items()])


@click.group(cls=Steps, subcommand_metavar="STEP")
def ci() -> None:
    """Run a step of a workflow. Its values come from the environment; the step's --help names them."""
