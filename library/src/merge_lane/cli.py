"""The vocabulary: one verb per command. Each verb's module is imported only when the verb is called."""

from __future__ import annotations

import sys
from importlib import import_module
from keyword import iskeyword
from typing import TYPE_CHECKING

import click

from merge_lane.errors import ProjectError
from merge_lane.version import __version__

if TYPE_CHECKING:
    from collections.abc import Sequence

# verb -> (module under merge_lane.commands, what it does). Order is the order of work.
VERBS = {
    "adopt": ("adopt", "Put your own table in place of the data that are there."),
    "prune": ("pipeline", "Remove raw months that params.yaml no longer names."),
    "ingest": ("pipeline", "Read one month of raw data into data/raw."),
    "validate": ("pipeline", "Check one month against the contract."),
    "featurize": ("pipeline", "Build the features of all months, point-in-time."),
    "train": ("pipeline", "Train the model and write its bundle."),
    "evaluate": ("pipeline", "Measure the model on the test months."),
    "document": ("pipeline", "Write the model card."),
    "review": ("review", "Compare the candidate with main and judge it."),
    "report": ("review", "Write the report of the pull request."),
    "metrics": ("pipeline", "Print the metrics next to their baselines."),
    "serve": ("serve", "Answer predictions over HTTP."),
    "try": ("serve", "Start the API, ask it one prediction, show the answer, stop it."),
    "verify-data": ("storage", "Re-hash every file that dvc.lock names."),
    "track": ("storage", "Log the run and its model to MLflow."),
    "image": ("image", "Build this commit's container image and push it, unless it is there."),
    "release": ("release", "Write the release manifest of this commit."),
    "deploy": (
        "release",
        "Start a release beside the one that serves, judge it, promote it or roll it back.",
    ),
    "rollback": ("release", "Give the traffic back to the release before."),
    "verify": ("release", "Check the identity chain of what is deployed, link by link."),
    "smoke": ("release", "Ask what is deployed for a few predictions."),
    "status": ("release", "Say what serves and what is being deployed."),
    "stop": ("release", "Stop a local environment."),
    "fingerprints": (
        "locks",
        "Print, check or write library.yaml: one hash of the library's code per stage.",
    ),
    "lock": ("locks", "Reproduce from the base branch's dvc.lock, never from one that git merged."),
    "lock-base": ("locks", "Put the base branch's dvc.lock into the work tree."),
    "lock-check": ("locks", "Say whether dvc.lock describes this commit and its outputs are in the remote."),
    "lock-commit": ("locks", "Commit a lock that a pull request's run made, after checking it."),
    "update": ("update", "Take the newest release of the template and of merge-lane into this project."),
    "eject": ("update", "Put the source of merge-lane into library/, to change it there."),
    "github": ("github", "Set up the repository on GitHub as .github/repository.yaml says."),
    "ci": ("ci", "Run a step of a workflow; `merge-lane ci --help` lists them."),
}


class LazyGroup(click.Group):
    """A group that knows its verbs by name and imports only the one that is called."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        """Return the verbs in the order of work."""
        return list(VERBS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        """Import the verb's module and return the verb."""
        if cmd_name not in VERBS:
            return None
        module = import_module(f"merge_lane.commands.{VERBS[cmd_name][0]}")
        name = cmd_name.replace("-", "_") + "_" * iskeyword(cmd_name)  # `try` is a word of Python: try_
        command: click.Command = getattr(module, name)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        """List the verbs from the table: help imports none of them."""
        with formatter.section("Commands"):
            formatter.write_dl([(verb, text) for verb, (_, text) in VERBS.items()])


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="merge-lane")
def cli() -> None:
    """Train, review, deploy and watch the model of this repository."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run one verb and return its exit code. A failure that a person can act on prints no traceback."""
    try:
        outcome = cli.main(args=argv, standalone_mode=False)
    except ProjectError as error:
        click.echo(f"error: {error}", err=True)
        return error.exit_code
    except click.exceptions.Abort:
        click.echo("stopped.", err=True)
        return 130
    except click.ClickException as error:
        error.show()
        return error.exit_code
    return outcome if isinstance(outcome, int) else 0


if __name__ == "__main__":
    sys.exit(main())
