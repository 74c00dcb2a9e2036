"""One class per cause of failure: an exit code, what happened, where, and what to do next."""

from __future__ import annotations


class ProjectError(Exception):
    """A failure that a person can act on: the command line prints it without a traceback.

    `what` happened, `where` (file, column, row; may be empty), and what to do `next`.
    """

    exit_code = 1

    def __init__(self, what: str, *, where: str = "", next: str = "") -> None:  # noqa: A002 - the word people read
        super().__init__(what)
        self.what = what
        self.where = where
        self.next = next

    def __str__(self) -> str:
        """Return the one-screen text: what, where, next."""
        lines = [self.what]
        if self.where:
            lines.append(f"  where: {self.where}")
        if self.next:
            lines.append(f"  next:  {self.next}")
        return "\n".join(lines)


class ParamsError(ProjectError):
    """params.yaml does not say what it must: an unknown key, a wrong type, a value out of range."""

    exit_code = 10


class SourceError(ProjectError):
    """The raw data are not available: a month that does not exist, an unreadable file."""

    exit_code = 11


class ContractError(ProjectError):
    """Data breaks the contract, or the contract contradicts itself."""

    exit_code = 12


class LeakError(ProjectError):
    """A value that is known only after the decision was about to become a feature."""

    exit_code = 13


class BundleError(ProjectError):
    """A model bundle is truncated, altered, foreign or incomplete: it was not loaded."""

    exit_code = 14


class IntegrityError(ProjectError):
    """A file is not the one that dvc.lock names."""

    exit_code = 15


class WriteError(ProjectError):
    """A file could not be written (a full disk, say): nothing half-written was left behind."""

    exit_code = 16


class PortInUseError(ProjectError):
    """Another program listens on the port."""

    exit_code = 17


class TrackingError(ProjectError):
    """MLflow could not be reached, or refused; the model itself is not affected."""

    exit_code = 18


class TrainingError(ProjectError):
    """There is nothing to learn from: too few rows, or one class only."""

    exit_code = 19


class GateBlockedError(ProjectError):
    """The review found the candidate worse than what params.yaml allows."""

    exit_code = 20


class ReviewError(ProjectError):
    """The review could not be made: no such base revision, no candidate, no test rows."""

    exit_code = 21


class LockError(ProjectError):
    """dvc.lock is not YAML, does not describe this commit, or came from a pull request and was refused."""

    exit_code = 22


class GitError(ProjectError):
    """git is not installed, took too long, or refused a command."""

    exit_code = 23


class FingerprintError(ProjectError):
    """library.yaml does not describe the library that runs the stages."""

    exit_code = 24


class ReleaseError(ProjectError):
    """A release manifest cannot be made or does not hold."""

    exit_code = 30


class ChainError(ProjectError):
    """A link of the identity chain is broken: what is served is not what was reviewed."""

    exit_code = 31


class DeployError(ProjectError):
    """A deployment failed; the stable version keeps serving."""

    exit_code = 32


class RolledBackError(ProjectError):
    """The canary was judged and rolled back; the stable version keeps serving."""

    exit_code = 33


class InconclusiveError(ProjectError):
    """The canary could not be judged in time and was taken out; the stable version keeps serving."""

    exit_code = 34


class BusyError(ProjectError):
    """Another deployment of the same environment is running."""

    exit_code = 35


class PlanError(ProjectError):
    """Terraform could not plan what a change would do to an environment."""

    exit_code = 36


class AdoptError(ProjectError):
    """A table cannot be adopted as the project's own data."""

    exit_code = 40


class GitHubError(ProjectError):
    """GitHub refused or could not be reached."""

    exit_code = 41


class UpdateError(ProjectError):
    """An update from the template, or the ejection of the library, cannot be made."""

    exit_code = 42
