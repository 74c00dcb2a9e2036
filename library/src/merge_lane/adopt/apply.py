"""Put the table into the project: show every difference, then write the files and take the example out."""

from __future__ import annotations

import difflib
import re
import shutil
import tempfile
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl

from merge_lane import settings
from merge_lane.adopt import judge as judging
from merge_lane.adopt import params, render
from merge_lane.adopt.survey import survey as look
from merge_lane.data.columns import Role
from merge_lane.errors import AdoptError
from merge_lane.system.files import atomic_path, write_text

if TYPE_CHECKING:
    from collections.abc import Collection

    from merge_lane.adopt.judge import Judged
    from merge_lane.adopt.params import Months
    from merge_lane.adopt.survey import Survey

EXAMPLE_WORDS = Path("tests/example/words.txt")
"""Words that only the example uses: a test file that speaks of them is the example's."""

EXAMPLE_TESTS = EXAMPLE_WORDS.parent
EXAMPLE_ONLY = (EXAMPLE_TESTS, Path("dvc.lock"), Path("models"), Path("reports"), Path("data/raw"))
"""What belongs to the example alone: its tests, and everything that was made from its data."""

INCOMING = Path("data/incoming")
INGEST_DEPENDENCY = "      - data/incoming/${item.month}.parquet\n"


@dataclass(frozen=True)
class Plan:
    """What adopting a table would change: texts by path, and how the rows are parted."""

    judged: Judged
    survey: Survey
    months: Months
    texts: dict[Path, str]
    root: Path

    def differences(self) -> str:
        """Return the difference of every file that would change, as `diff -u` prints it."""
        return "\n".join(
            self._difference(path, text) for path, text in self.texts.items() if self._changed(path, text)
        )

    def removed(self) -> list[Path]:
        """Return what would be removed: what was made of the data before, and their tests."""
        own = [path for path in EXAMPLE_ONLY if (self.root / path).exists()]
        inside = [path for path in example_tests(self.root) if EXAMPLE_TESTS not in path.parents]
        return [*own, *inside]

    def _changed(self, path: Path, text: str) -> bool:
        return not (self.root / path).is_file() or (self.root / path).read_text(encoding="utf-8") != text

    def _difference(self, path: Path, text: str) -> str:
        old = (self.root / path).read_text(encoding="utf-8") if (self.root / path).is_file() else ""
        return "\n".join(
            difflib.unified_diff(old.splitlines(), text.splitlines(), f"a/{path}", f"b/{path}", lineterm="")
        )


def plan(
    file: Path,
    root: Path,
    target: str,
    time: str | None,
    keys: Collection[str],
    *,
    positive: str | None = None,
) -> Plan:
    """Look at the table and return what adopting it would change; nothing is written."""
    _refuse_elsewhere(root)
    _refuse_own_folders(file, root)
    survey = look(file)
    judged = judging.judge(survey, target, time, keys, positive=positive)
    parts = params.months(survey, judged.time)
    if judged.time is not None and not parts.timed:
        judged = _untimed(judged)
    package = Path("src") / render.PACKAGE
    texts = {
        Path("params.yaml"): params.rewritten(_read(root / "params.yaml"), judged, survey, parts),
        package / "contract.py": render.formatted(render.contract(judged, survey, file.name)),
        package / "features.py": render.formatted(render.features(judged)),
        package / "source.py": render.formatted(render.source(judged, file.name)),
        Path("data/README.md"): render.data_readme(judged, survey, file.name),
        Path("dvc.yaml"): with_incoming(_read(root / "dvc.yaml")),
        **_without_example(root),
    }
    return Plan(judged, survey, parts, texts, root)


def _refuse_elsewhere(root: Path) -> None:
    """Raise AdoptError where there is no project to put a table into."""
    lost = [name for name in ("params.yaml", "dvc.yaml", "pyproject.toml") if not (root / name).is_file()]
    if lost:
        raise AdoptError(
            f"There is no {lost[0]} here: a table is put into a project.",
            where=str(root.resolve()),
            next="run the command in the project's root",
        )


def _refuse_own_folders(file: Path, root: Path) -> None:
    """Raise AdoptError for a table in a folder that adopting empties."""
    for folder in (INCOMING, *EXAMPLE_ONLY):
        if file.resolve().is_relative_to((root / folder).resolve()):
            raise AdoptError(
                f"{file} lies in {folder}, which is written anew.",
                where=str(file),
                next="move the table out of the project, or beside params.yaml",
            )


def _untimed(judged: Judged) -> Judged:
    """Time cannot order the rows: it stays as a feature."""
    columns = tuple(replace(c, role=Role.FEATURE) if c.role is Role.TIME else c for c in judged.columns)
    return replace(judged, columns=columns)


def _read(path: Path) -> str:
    return path.read_text(encoding="utf-8")


def with_incoming(text: str) -> str:
    """Return dvc.yaml whose stage `ingest` depends on the month's file."""
    if INGEST_DEPENDENCY in text:
        return text
    head, ingest, rest = text.partition("  ingest:\n")
    return head + ingest + rest.replace("    deps:\n", "    deps:\n" + INGEST_DEPENDENCY, 1)


def _without_example(root: Path) -> dict[Path, str]:
    """Return the package lists without the example's package, which params.yaml names as the source."""
    given = settings.load(root / "params.yaml").data.source
    if not re.fullmatch(r"[A-Za-z0-9_.-]+", given):
        return {}
    package = re.escape(given)
    texts = {Path("pyproject.toml"): re.sub(rf'.*"{package}==.*\n', "", _read(root / "pyproject.toml"))}
    lock = Path("requirements/all.txt")
    texts[lock] = re.sub(rf"(?m)^{package}==.*\n(?:    .*\n)*", "", _read(root / lock))
    return texts


def apply(given: Plan) -> list[Path]:
    """Write files and months, remove what belongs to the example; return the paths written."""
    for path in (*example_tests(given.root), *EXAMPLE_ONLY):
        _remove(given.root / path)
    for path, text in given.texts.items():
        write_text(given.root / path, text)
    written = months(given)
    return [*given.texts, *written]


def example_tests(root: Path) -> list[Path]:
    """Return the test files that speak of the example, relative to `root`; none once they are gone."""
    if not (root / EXAMPLE_WORDS).is_file():
        return []
    words = [word.encode() for word in _read(root / EXAMPLE_WORDS).splitlines()]
    files = sorted(path for path in (root / "tests").rglob("*") if path.is_file())
    return [
        path.relative_to(root) for path in files if any(word in path.read_bytes().lower() for word in words)
    ]


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def months(given: Plan) -> list[Path]:
    """Write the months of the table to data/incoming as Parquet, streaming; return their paths."""
    _remove(given.root / INCOMING)
    with tempfile.TemporaryDirectory(dir=given.root / INCOMING.parent, prefix=".adopt-") as scratch:
        whole = Path(scratch) / "whole.parquet"
        given.survey.typed.sink_parquet(whole, compression="zstd")
        table = pl.scan_parquet(whole)
        return [_month(table, name, given) for name in given.months.names]


def _month(table: pl.LazyFrame, name: str, given: Plan) -> Path:
    path = INCOMING / f"{name}.parquet"
    time = given.judged.time
    rows = table if time is None else table.filter(pl.col(time.name).dt.strftime("%Y-%m") == name)
    with atomic_path(given.root / path) as temporary:
        rows.sink_parquet(temporary, compression="zstd")
    return path
