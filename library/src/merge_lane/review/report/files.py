"""The files of a review: report.md for the comment, report.html for people, report.json for machines."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from merge_lane.errors import ReviewError
from merge_lane.review.report.markdown import assemble
from merge_lane.review.report.page import page
from merge_lane.review.report.sections import sections
from merge_lane.system.files import write_json, write_text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from merge_lane.review.run import Review

FORMAT = 1


def write(review: Review, target: Path, attach: Sequence[str] = ()) -> list[Path]:
    """Write the three files to `target` and return their paths; `attach` holds TITLE=FILE."""
    attachments = [_attachment(text) for text in attach]
    paths = [target / name for name in ("report.md", "report.html", "report.json")]
    write_text(paths[0], assemble(sections(review, attachments)))
    write_text(paths[1], page(review, attachments))
    write_json(paths[2], to_json(review))
    return paths


def _attachment(text: str) -> tuple[str, str]:
    title, _, name = text.partition("=")
    try:
        return title, Path(name).read_text(encoding="utf-8", errors="replace")
    except OSError as error:
        raise ReviewError(
            f"{name or 'Nothing'} cannot be attached: {error.strerror}.",
            where="--attach",
            next="--attach TITLE=FILE",
        ) from error


def to_json(review: Review) -> dict[str, Any]:
    """Return the review as plain values."""
    return {
        "format": FORMAT,
        "verdict": "blocked" if review.blocked_by else "pass",
        "blocked_by": review.blocked_by,
        "base": {"revision": review.base.revision, "scores": review.base_how},
        "checks": [check.to_json() for check in review.checks],
        "comparison": None if review.comparison is None else review.comparison.to_json(),
        "contract": None if review.contract is None else [vars(change) for change in review.contract],
        "params": [vars(change) for change in review.params],
        "reruns": [vars(rerun) for rerun in review.reruns],
        "months": [vars(change) for change in review.months],
        "lineage": review.lineage,
    }
