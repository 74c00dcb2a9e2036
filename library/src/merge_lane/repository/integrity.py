"""Compare the files here with the hashes in dvc.lock. DVC trusts its cache and its clock; this re-hashes.

DVC checks out a corrupted cache object without a warning, and hashes a file again only when its time or
size changed. Here every byte is read.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from merge_lane.errors import IntegrityError
from merge_lane.repository import lockfile
from merge_lane.repository.cache import cache_dir, object_path
from merge_lane.system.files import digest

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator

    from pathspec import GitIgnoreSpec

SHOWN = 8  # problems in a message: it must fit on one screen


@dataclass(frozen=True)
class Named:
    """A file or directory that a stage in dvc.lock names with its md5 (`….dir` for a directory).

    `output` is False for what the stage reads; `made` is True where a stage writes it or a file in it.
    """

    stage: str
    path: str
    md5: str
    output: bool
    made: bool


@dataclass(frozen=True)
class Problem:
    """A file that differs from dvc.lock. `actual` is empty where the file is missing."""

    stage: str
    path: str
    expected: str
    actual: str
    next: str

    def __str__(self) -> str:
        """Return the file, its stage and both hashes."""
        actual = f"found {self.actual}" if self.actual else "missing"
        return f"{self.path} (stage {self.stage}): expected {self.expected}, {actual}"


@dataclass(frozen=True)
class Report:
    """The numbers of files and cache objects that were hashed, and the problems."""

    files: int
    cached: int
    unchecked: tuple[str, ...]
    altered: tuple[Problem, ...]
    missing: tuple[Problem, ...]

    def require(self, *, allow_missing: bool = False) -> None:
        """Raise IntegrityError for the first cause: altered files, then missing ones."""
        if self.altered:
            raise _refusal("are not what dvc.lock names", self.altered)
        if self.missing and not allow_missing:
            raise _refusal("that dvc.lock names are not here", self.missing)


def _refusal(what: str, problems: tuple[Problem, ...]) -> IntegrityError:
    lines = [f"  - {problem}" for problem in problems[:SHOWN]]
    if len(problems) > SHOWN:
        lines.append(f"  - and {len(problems) - SHOWN} more")
    steps = list(dict.fromkeys(problem.next for problem in problems))[:3]
    return IntegrityError(
        f"{len(problems)} file(s) {what}:\n" + "\n".join(lines),
        where="dvc.lock",
        next="\n         ".join(steps),
    )


def verify(
    root: Path | str = ".",
    stages: Collection[str] | None = None,
    *,
    outputs_only: bool = False,
    progress: Callable[[int, int], None] | None = None,
) -> Report:
    """Re-hash every file that dvc.lock names, in the workspace and, where present, in the local cache.

    `stages` are names as in dvc.yaml (a matrix stage means all of its runs); None means all. `progress` gets
    the number of checked entries and their total. The caller asks the report (`require`). Raises
    IntegrityError where there is no dvc.lock, LockError where it cannot be read.
    """
    root = Path(root)
    named, unchecked = _named(root, stages, outputs_only=outputs_only)
    check = _Check(root)
    for number, entry in enumerate(named, start=1):
        check.entry(entry)
        if progress:
            progress(number, len(named))
    return Report(len(check.seen), len(check.objects), unchecked, tuple(check.altered), tuple(check.missing))


@dataclass
class _Check:
    """One pass over the named files. Every inode is hashed once, however many names it has."""

    root: Path
    seen: set[str] = field(default_factory=set)
    objects: dict[str, str] = field(default_factory=dict)  # cache object -> its actual hash
    altered: list[Problem] = field(default_factory=list)
    missing: list[Problem] = field(default_factory=list)
    hashes: dict[tuple[int, int], str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.cache = cache_dir(self.root)
        self.ignored = _ignored(self.root)

    def entry(self, entry: Named) -> None:
        """Check the entry's file or directory, and its objects in the cache."""
        path = self.root / entry.path
        listing = self._cached_listing(entry)
        self._check_object(entry, entry.md5, entry.path)
        for relpath, md5 in listing.items():
            self._check_object(entry, md5, f"{entry.path}/{relpath}")
        if not path.exists():
            self._miss(entry, entry.path, entry.md5)
        elif entry.md5.endswith(".dir"):
            self._check_directory(entry, path, listing)
        else:
            self.seen.add(entry.path)
            self._compare(entry, entry.path, entry.md5, self._md5(path))

    def _check_directory(self, entry: Named, path: Path, listing: dict[str, str]) -> None:
        here = {name: self._md5(path / name) for name in self._files(path)}
        self.seen.update(f"{entry.path}/{name}" for name in here)
        actual = tree_hash(here)
        if actual == entry.md5:
            return
        if not listing:  # without the listing in the cache only the whole directory can be named
            self._compare(entry, entry.path, entry.md5, actual)
        for name in sorted(listing.keys() | here.keys()):
            if name not in here:
                self._miss(entry, f"{entry.path}/{name}", listing[name])
            elif listing:
                expected = listing.get(name, "no such file")
                self._compare(entry, f"{entry.path}/{name}", expected, here[name])

    def _files(self, directory: Path) -> Iterator[str]:
        for path in directory.rglob("*"):
            inside_project = path.relative_to(self.root).as_posix()
            if path.is_file() and not (self.ignored and self.ignored.match_file(inside_project)):
                yield path.relative_to(directory).as_posix()

    def _md5(self, path: Path) -> str:
        status = path.stat()
        inode = (status.st_dev, status.st_ino)
        if inode not in self.hashes:
            self.hashes[inode] = digest(path, "md5")
        return self.hashes[inode]

    def _cached_listing(self, entry: Named) -> dict[str, str]:
        """Return {relative path: md5} of a directory's files from the cache; empty without a sound object."""
        listing = object_path(self.cache, entry.md5)
        if not entry.md5.endswith(".dir") or not listing.is_file():
            return {}
        data = listing.read_bytes()
        if f"{_md5_of(data)}.dir" != entry.md5:
            return {}
        return {item["relpath"]: item["md5"] for item in json.loads(data)}

    def _check_object(self, entry: Named, md5: str, path: str) -> None:
        cached = object_path(self.cache, md5)
        if md5 in self.objects or not cached.is_file():
            return
        self.objects[md5] = self._md5(cached)
        if self.objects[md5] != md5.removesuffix(".dir"):
            step = (
                f"delete the damaged cache object and fetch it again: rm -f {cached}; dvc pull --force {path}"
                f" (or run its stage again: dvc repro --force {entry.stage})"
            )
            self.altered.append(Problem(entry.stage, f"{cached} for {path}", md5, self.objects[md5], step))

    def _compare(self, entry: Named, path: str, expected: str, actual: str) -> None:
        if expected == actual:
            return
        restore = f"git checkout -- {path}"
        if entry.made:
            restore = f"dvc checkout --force {path} (where it is in git: {restore})"
        if entry.output:
            step = f"{restore} brings the recorded file back; dvc repro --force {entry.stage} writes it again"
        else:
            step = f"dvc repro, if {path} was changed on purpose; otherwise bring it back: {restore}"
        self.altered.append(Problem(entry.stage, path, expected, actual, step))

    def _miss(self, entry: Named, path: str, md5: str) -> None:
        step = "dvc pull fetches them; dvc repro writes them again"
        self.missing.append(Problem(entry.stage, path, md5, "", step))


def tree_hash(files: dict[str, str]) -> str:
    """Return DVC's hash of a directory from {relative path: md5}: md5 of the sorted listing, and `.dir`."""
    listing = [{"md5": files[name], "relpath": name} for name in sorted(files)]
    return f"{_md5_of(json.dumps(listing, sort_keys=True).encode())}.dir"


def _md5_of(data: bytes) -> str:
    return hashlib.md5(data, usedforsecurity=False).hexdigest()


def _ignored(root: Path) -> GitIgnoreSpec | None:
    """Return the patterns of .dvcignore: DVC leaves such files out of a directory's hash."""
    path = root / ".dvcignore"
    if not path.is_file():
        return None
    from pathspec import GitIgnoreSpec

    return GitIgnoreSpec.from_lines(path.read_text(encoding="utf-8").splitlines())


def _named(
    root: Path, names: Collection[str] | None, *, outputs_only: bool
) -> tuple[list[Named], tuple[str, ...]]:
    """Return the entries with an md5, and the paths of those without (outside DVC, such as s3://…)."""
    stages = _recorded(root)
    made = tuple(entry.path for stage in stages.values() for entry in stage.outs)
    chosen = [stage for stage in stages.values() if names is None or {stage.name, stage.base} & set(names)]
    named, unchecked = [], []
    for stage in chosen:
        for entry in stage.outs if outputs_only else (*stage.deps, *stage.outs):
            if entry.md5 is None:
                unchecked.append(entry.path)
                continue
            inside = any(entry.path == path or entry.path.startswith(f"{path}/") for path in made)
            output = entry in stage.outs
            named.append(Named(stage.name, entry.path, entry.md5, output=output, made=inside))
    return named, tuple(unchecked)


def _recorded(root: Path) -> dict[str, lockfile.Stage]:
    stages = lockfile.read(root)
    if stages is None:
        raise IntegrityError(
            "There is no dvc.lock, which names the hash of every file.",
            where=str((root / lockfile.LOCK).resolve()),
            next="run the command in the project's root, after `dvc repro`",
        )
    return stages
