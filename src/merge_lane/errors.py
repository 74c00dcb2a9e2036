"""One class per cause of failure: an exit code, what happened, where, and what to do next."""

from __future__ import annotations


class MergeLaneError(Exception):
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


class ParamsError(MergeLaneError):
    """params.yaml does not say what it must: an unknown key, a wrong type, a value out of range."""

    exit_code = 10


class SourceError(MergeLaneError):
    """The raw data asked for cannot be had: a month that does not exist, an unreadable file."""

    exit_code = 11


class ContractError(MergeLaneError):
    """Data breaks the contract, or the contract contradicts itself."""

    exit_code = 12


class LeakError(MergeLaneError):
    """A value that is known only after the decision was about to become a feature."""

    exit_code = 13


class BundleError(MergeLaneError):
    """A model bundle is truncated, altered, foreign or incomplete: it was not loaded."""

    exit_code = 14


class IntegrityError(MergeLaneError):
    """A file is not the one that dvc.lock names."""

    exit_code = 15


class WriteError(MergeLaneError):
    """A file could not be written (a full disk, say): nothing half-written was left behind."""

    exit_code = 16


class PortInUseError(MergeLaneError):
    """Another program listens on the port."""

    exit_code = 17


class TrackingError(MergeLaneError):
    """MLflow could not be reached, or refused; the model itself is not affected."""

    exit_code = 18


class TrainingError(MergeLaneError):
    """There is nothing to learn from: too few rows, or one class only."""

    exit_code = 19


class GateBlockedError(MergeLaneError):
    """The review found the candidate worse than what params.yaml allows."""

    exit_code = 20


class ReviewError(MergeLaneError):
    """The review could not be made: no such base revision, no candidate, no test rows."""

    exit_code = 21


class ReleaseError(MergeLaneError):
    """A release manifest cannot be made or does not hold."""

    exit_code = 30


class ChainError(MergeLaneError):
    """A link of the identity chain is broken: what is served is not what was reviewed."""

    exit_code = 31


class DeployError(MergeLaneError):
    """A deployment failed; the stable version keeps serving."""

    exit_code = 32


class RolledBackError(MergeLaneError):
    """The canary was judged and rolled back; the stable version keeps serving."""

    exit_code = 33


class AdoptError(MergeLaneError):
    """A table cannot be adopted as the project's own data."""

    exit_code = 40


class GitHubError(MergeLaneError):
    """GitHub refused or could not be reached."""

    exit_code = 41
