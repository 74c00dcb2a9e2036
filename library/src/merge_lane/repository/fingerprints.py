"""library.yaml: one hash of the library's code per stage, so that DVC reruns a stage when its code changed.

The library is the one of this tree: `library/src`, else the wheel in `vendor/`, else the installed package.
It must be the installed one too, because that one runs the stages.
"""

from __future__ import annotations

import hashlib
import io
import re
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import merge_lane
from merge_lane.errors import FingerprintError, LockError
from merge_lane.repository import closure
from merge_lane.repository.code import LIBRARY, WHEEL, WHEELS
from merge_lane.repository.lockfile import LOCK, parse_yaml, stages
from merge_lane.system.files import write_text

if TYPE_CHECKING:
    from collections.abc import Mapping

FILE = "library.yaml"
STAGES = ("ingest", "validate", "featurize", "train", "evaluate", "document")
DIGITS = 16  # of the hash: enough to tell versions apart, and short in a diff
HEADER = """\
# One hash of the library's code per stage; `merge-lane fingerprints --write` writes it. DVC reruns a stage
# when its hash changes. Comments and docstrings of the library do not count.
"""
VERBS = "merge_lane.commands.pipeline"
TEAM = re.compile(r"project\.(contract|features|source)\(\)")
"""How the library reaches a module of the team's package."""

UNCOUNTED = ("merge_lane.version", "merge_lane.errors")
"""Modules that no output of a stage depends on: a name, and the classes of failures."""
CHECKS = ("merge_lane.settings", "merge_lane.repository")
"""Rooms that a verb calls before its stage: they validate params.yaml, which DVC compares, and hash files."""

Fingerprints = dict[str, str]
"""Stage -> hash."""


def current(root: Path) -> Fingerprints:
    """Return the fingerprints of the library of the tree in `root`.

    Raises FingerprintError where the installed library is another one.
    """
    installed = installed_sources()
    result = of(installed)
    where, declared = declared_sources(root) or ("", installed)
    if declared != installed and of(declared) != result:
        raise FingerprintError(
            f"The installed library is not the one in {where}.", where=where, next="make setup"
        )
    return result


def of(sources: Mapping[str, str]) -> Fingerprints:
    """Return the fingerprint of every stage of a library."""
    return {stage: _fingerprint(stage, sources) for stage in STAGES}


def counted(stage: str, sources: Mapping[str, str]) -> set[str]:
    """Return the modules that the fingerprint of a stage covers.

    A team's contract.py imports `merge_lane.contract`, and so on: a stage that uses it runs both.
    """
    imported = [f"merge_lane.{name}" for name in team_modules(stage, sources)]
    return closure.closure([*_started(stage, sources), *imported], sources) - set(UNCOUNTED)


def team_modules(stage: str, sources: Mapping[str, str]) -> set[str]:
    """Return the modules of the team's package that a stage uses: `contract`, `features`, `source`."""
    texts = [sources[module] for module in closure.closure(_started(stage, sources), sources)]
    texts.append(closure.function(stage, sources[VERBS]))
    return {name for text in texts for name in TEAM.findall(closure.code(text))}


def _started(stage: str, sources: Mapping[str, str]) -> list[str]:
    """Return the stage's module and the modules that its verb imports."""
    verb = closure.function(stage, sources[VERBS])
    called = [name for name in closure.imports(verb, VERBS, sources) if not name.startswith(CHECKS)]
    return [f"merge_lane.stages.{stage}", *called]


def _fingerprint(stage: str, sources: Mapping[str, str]) -> str:
    """Hash the stage's modules, and its verb, which passes parameters and paths."""
    parts = {module: sources[module] for module in counted(stage, sources)}
    parts[f"{VERBS}.{stage}"] = closure.function(stage, sources[VERBS])
    state = hashlib.sha256()
    for name in sorted(parts):
        state.update(f"{name}\0{closure.code(parts[name])}\0".encode())
    return state.hexdigest()[:DIGITS]


def installed_sources() -> closure.Sources:
    """Return the modules of the library that is running."""
    return folder_sources(Path(merge_lane.__file__).parent.parent)


def declared_sources(root: Path) -> tuple[str, closure.Sources] | None:
    """Return where the tree in `root` keeps its library, and its modules; None where it keeps none."""
    if (root / LIBRARY / "merge_lane").is_dir():
        return LIBRARY, folder_sources(root / LIBRARY)
    wheels = sorted((root / WHEELS).glob(WHEEL))
    if len(wheels) > 1:
        raise FingerprintError(
            f"{WHEELS} holds {len(wheels)} versions of the library.",
            where=", ".join(wheel.name for wheel in wheels),
            next="keep the one that requirements/ names, and delete the others",
        )
    return (f"{WHEELS}/{wheels[0].name}", wheel_sources(wheels[0])) if wheels else None


def folder_sources(folder: Path) -> closure.Sources:
    """Return the library's modules below a folder that is on Python's path."""
    paths = (folder / "merge_lane").rglob("*.py")
    return {_module(path.relative_to(folder)): path.read_text(encoding="utf-8") for path in paths}


def wheel_sources(wheel: Path) -> closure.Sources:
    """Return the library's modules in a wheel. Raises FingerprintError where it is no wheel."""
    try:
        with zipfile.ZipFile(wheel) as archive:
            names = [name for name in archive.namelist() if name.startswith("merge_lane/")]
            return {_module(Path(name)): _text(archive, name) for name in names if name.endswith(".py")}
    except (zipfile.BadZipFile, UnicodeDecodeError) as error:
        raise FingerprintError(
            f"{wheel.name} is not a wheel: {error}.", where=str(wheel), next=f"git checkout -- {WHEELS}"
        ) from error


def _text(archive: zipfile.ZipFile, name: str) -> str:
    with archive.open(name) as stream:
        return io.TextIOWrapper(stream, encoding="utf-8").read()


def _module(path: Path) -> str:
    return ".".join(path.with_suffix("").parts).removesuffix(".__init__")


def text(fingerprints: Mapping[str, str]) -> str:
    """Return library.yaml. Hashes are quoted: one of digits alone, or with one `e`, would be a number."""
    return HEADER + "stages:\n" + "".join(f'  {stage}: "{value}"\n' for stage, value in fingerprints.items())


def check(root: Path, fingerprints: Mapping[str, str]) -> None:
    """Raise FingerprintError where library.yaml in `root` is missing or holds other fingerprints."""
    stale = _stale(root, fingerprints)
    if stale:
        raise FingerprintError(
            f"{FILE} is stale: {', '.join(stale)}.",
            where=str(root / FILE),
            next=f"merge-lane fingerprints --write, then `dvc repro`, and commit {FILE} with dvc.lock",
        )


def write(root: Path, fingerprints: Mapping[str, str]) -> list[str]:
    """Write library.yaml where it is stale, and return the stages that changed."""
    stale = _stale(root, fingerprints)
    if stale:
        write_text(root / FILE, text(fingerprints))
    return stale


def _stale(root: Path, fingerprints: Mapping[str, str]) -> list[str]:
    """Return the stages whose entry differs, [the file] where only its form does."""
    path = root / FILE
    content = path.read_bytes() if path.is_file() else b""
    if content == text(fingerprints).encode():
        return []
    recorded = _recorded(content)
    return [stage for stage, value in fingerprints.items() if recorded.get(stage) != value] or [FILE]


def _recorded(content: bytes) -> dict[str, object]:
    try:
        tree = parse_yaml(content, FILE)
    except LockError:  # the markers of a merge conflict: nothing in it is fresh
        return {}
    recorded = tree.get("stages") if isinstance(tree, dict) else None
    return recorded if isinstance(recorded, dict) else {}


@dataclass(frozen=True)
class Rerun:
    """A stage whose code changed between two locks. `same_bytes`: all its outputs are the same."""

    stage: str
    same_bytes: bool


def reruns(before: bytes | None, after: bytes | None) -> list[Rerun]:
    """Return the stages of two dvc.lock that have another fingerprint, in the order of the pipeline.

    A stage that one of the locks lacks, or recorded before there were fingerprints, is left out. Raises
    LockError where a lock cannot be read.
    """
    old, new = stages(before, f"base:{LOCK}"), stages(after)
    changed: dict[str, bool] = {}
    for name in old.keys() & new.keys():
        base = new[name].base
        keys = [stage.params.get(FILE, {}).get(f"stages.{base}") for stage in (old[name], new[name])]
        if None not in keys and keys[0] != keys[1]:
            same = {*old[name].outs} == {*new[name].outs}
            changed[base] = changed.get(base, True) and same
    return [Rerun(stage, changed[stage]) for stage in STAGES if stage in changed]
