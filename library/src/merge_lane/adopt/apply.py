"""Put the table into the project: show every difference, then write the files and remove the example."""

from __future__ import annotations

import difflib
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl

from merge_lane import project
from merge_lane.adopt import example, params, render
from merge_lane.adopt.decide import decide
from merge_lane.adopt.python import formatted
from merge_lane.adopt.survey import survey
from merge_lane.errors import AdoptError
from merge_lane.system.files import atomic_path, write_text

if TYPE_CHECKING:
    from collections.abc import Collection

    from merge_lane.adopt.decide import Decisions
    from merge_lane.adopt.params import Months
    from merge_lane.adopt.survey import Survey

INCOMING = Path("data/incoming")
INGEST_DEPENDENCY = "      - data/incoming/${item.month}.parquet\n"


@dataclass(frozen=True)
class Plan:
    """What adopting a table would change: texts by path, and how the rows are split."""

    decisions: Decisions
    survey: Survey
    months: Months
    texts: dict[Path, str]
    root: Path

    def differences(self) -> str:
        """Return the difference of every file that would change, as `diff -u` prints it."""
        return "\n".join(
            self._difference(path, text) for path, text in self.texts.items() if self._current(path) != text
        )

    def removed(self) -> list[Path]:
        """Return what would be removed: everything made from the previous data, and its tests."""
        return example.files(self.root)

    def _current(self, path: Path) -> str:
        file = self.root / path
        return file.read_text(encoding="utf-8") if file.is_file() else ""

    def _difference(self, path: Path, text: str) -> str:
        old, new = self._current(path).splitlines(), text.splitlines()
        return "\n".join(difflib.unified_diff(old, new, f"a/{path}", f"b/{path}", lineterm=""))


def plan(
    file: Path,
    root: Path,
    target: str,
    time: str | None,
    keys: Collection[str],
    *,
    positive: str | None = None,
) -> Plan:
    """Read the table and return what adopting it would change; nothing is written."""
    _refuse_elsewhere(root)
    _refuse_own_folders(file, root)
    surveyed = survey(file)
    decisions = decide(surveyed, target, time, keys, positive=positive)
    months = params.months(surveyed, decisions.time)
    package = Path("src") / project.package(root)
    texts = {
        Path("params.yaml"): params.rewritten(_read(root / "params.yaml"), decisions, surveyed, months),
        package / "contract.py": formatted(render.contract(decisions, surveyed, file.name)),
        package / "features.py": formatted(render.features(decisions)),
        package / "source.py": formatted(render.source(decisions, file.name)),
        Path("data/README.md"): render.data_readme(decisions, surveyed, file.name),
        Path("dvc.yaml"): with_incoming(_read(root / "dvc.yaml")),
        **example.without_package(root),
    }
    return Plan(decisions, surveyed, months, texts, root)


def _refuse_elsewhere(root: Path) -> None:
    """Raise AdoptError where there is no project to put a table into."""
    absent = [name for name in ("params.yaml", "dvc.yaml", "pyproject.toml") if not (root / name).is_file()]
    if absent:
        raise AdoptError(
            f"There is no {absent[0]} here: a table is put into a project.",
            where=str(root.resolve()),
            next="run the command in the project's root",
        )


def _refuse_own_folders(file: Path, root: Path) -> None:
    """Raise AdoptError for a table in a folder that adopting empties."""
    for folder in (INCOMING, *example.OUTPUTS):
        if file.resolve().is_relative_to((root / folder).resolve()):
            raise AdoptError(
                f"{file} is in {folder}, which adopting a table empties.",
                where=str(file),
                next="move the table out of the project, or next to params.yaml",
            )


def _read(path: Path) -> str:
    return path.read_text(encoding="utf-8")


def with_incoming(text: str) -> str:
    """Return dvc.yaml with the month's file among the dependencies of stage `ingest`."""
    if INGEST_DEPENDENCY in text:
        return text
    head, ingest, rest = text.partition("  ingest:\n")
    before, deps, after = rest.partition("    deps:\n")
    if not deps:
        raise AdoptError(
            "The stage ingest has no list of dependencies to add the months to.",
            where="dvc.yaml",
            next="give the stage ingest a list `deps:`",
        )
    return head + ingest + before + deps + INGEST_DEPENDENCY + after


def apply(adoption: Plan) -> list[Path]:
    """Write files and months, remove what belongs to the previous data; return the paths written."""
    for path in adoption.removed():
        _remove(adoption.root / path)
    for path, text in adoption.texts.items():
        write_text(adoption.root / path, text)
    return [*adoption.texts, *months(adoption)]


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def months(adoption: Plan) -> list[Path]:
    """Write the months of the table to data/incoming as Parquet, streaming; return their paths."""
    folder = adoption.root / INCOMING
    _remove(folder)
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix=".adopt-") as scratch:
        whole = Path(scratch) / "whole.parquet"
        adoption.survey.typed.sink_parquet(whole, compression="zstd")
        table = pl.scan_parquet(whole)
        return [_month(table, name, adoption) for name in adoption.months.names]


def _month(table: pl.LazyFrame, name: str, adoption: Plan) -> Path:
    path = INCOMING / f"{name}.parquet"
    time = adoption.decisions.time
    rows = table if time is None else table.filter(pl.col(time.name).dt.strftime("%Y-%m") == name)
    with atomic_path(adoption.root / path) as temporary:
        rows.sink_parquet(temporary, compression="zstd")
    return path
