"""Are the files here the ones that dvc.lock names? DVC trusts its cache and its clock; this re-hashes.

DVC checks out a corrupted cache object without a word, and looks at a file again only when its time or
size changed. Here every byte is read. To find the cache only the project's own `.dvc/config` and
`.dvc/config.local` are read (importing DVC costs seconds): a cache that is set in a person's global
configuration is not looked into.
"""

from __future__ import annotations

import configparser
import hashlib
import json
import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from merge_lane.errors import IntegrityError
from merge_lane.system.files import digest

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator

    from pathspec import GitIgnoreSpec

SHOWN = 8  # problems in a message: it must fit on one screen


@dataclass(frozen=True)
class Named:
    """A file or directory that a stage in dvc.lock names with its md5 (`….dir` for a directory).

    `output` is False for what the stage reads; `made` is True where any stage makes it or what is in it.
    """

    stage: str
    path: str
    md5: str
    output: bool
    made: bool


@dataclass(frozen=True)
class Problem:
    """A file that is not what dvc.lock names. `found` is empty where the file is missing."""

    stage: str
    path: str
    expected: str
    found: str
    next: str

    def __str__(self) -> str:
        """Return the file, its stage and both hashes."""
        found = f"found {self.found}" if self.found else "missing"
        return f"{self.path} (stage {self.stage}): expected {self.expected}, {found}"


@dataclass(frozen=True)
class Report:
    """What was looked at, and what is not as it should be."""

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
    """Re-hash what dvc.lock names, in the workspace and, where present, in the local cache.

    `stages` are names as in dvc.yaml (a matrix stage means all of its runs); None means all. `progress` gets
    the number of entries done and their total. Raises IntegrityError only if dvc.lock itself cannot be read:
    the caller asks the report (`require`).
    """
    root = Path(root)
    named, unchecked = _named(root, stages, outputs_only=outputs_only)
    look = _Look(root)
    for done, entry in enumerate(named, start=1):
        look.at(entry)
        if progress:
            progress(done, len(named))
    return Report(len(look.seen), len(look.objects), unchecked, tuple(look.altered), tuple(look.missing))


@dataclass
class _Look:
    """One pass over the named files. Every inode is hashed once, however many names it has."""

    root: Path
    seen: set[str] = field(default_factory=set)
    objects: dict[str, str] = field(default_factory=dict)  # cache object -> hash found
    altered: list[Problem] = field(default_factory=list)
    missing: list[Problem] = field(default_factory=list)
    hashes: dict[tuple[int, int], str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.cache = cache_dir(self.root)
        self.ignored = _ignored(self.root)

    def at(self, entry: Named) -> None:
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
        found = tree_hash(here)
        if found == entry.md5:
            return
        if not listing:  # without the listing in the cache only the whole can be named
            self._compare(entry, entry.path, entry.md5, found)
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

    def _object(self, md5: str) -> Path:
        return self.cache / "files" / "md5" / md5[:2] / md5[2:]

    def _cached_listing(self, entry: Named) -> dict[str, str]:
        """Return {relative path: md5} of a directory's files, as the cache tells it; empty if it cannot."""
        listing = self._object(entry.md5)
        if not entry.md5.endswith(".dir") or not listing.is_file():
            return {}
        data = listing.read_bytes()
        if f"{_md5_of(data)}.dir" != entry.md5:
            return {}
        return {item["relpath"]: item["md5"] for item in json.loads(data)}

    def _check_object(self, entry: Named, md5: str, path: str) -> None:
        cached = self._object(md5)
        if md5 in self.objects or not cached.is_file():
            return
        self.objects[md5] = self._md5(cached)
        if self.objects[md5] != md5.removesuffix(".dir"):
            step = (
                f"delete the damaged cache object and fetch it again: rm -f {cached}; dvc pull --force {path}"
            )
            again = f"{step} (or make it again: dvc repro --force {entry.stage})"
            self.altered.append(Problem(entry.stage, f"{cached} for {path}", md5, self.objects[md5], again))

    def _compare(self, entry: Named, path: str, expected: str, found: str) -> None:
        if expected == found:
            return
        restore = f"git checkout -- {path}"
        if entry.made:
            restore = f"dvc checkout --force {path} (where it is in git: {restore})"
        if entry.output:
            step = f"{restore} brings the recorded file back; dvc repro --force {entry.stage} makes it anew"
        else:
            step = f"dvc repro, if {path} was changed on purpose; otherwise bring it back: {restore}"
        self.altered.append(Problem(entry.stage, path, expected, found, step))

    def _miss(self, entry: Named, path: str, md5: str) -> None:
        self.missing.append(
            Problem(entry.stage, path, md5, "", "dvc pull fetches them; dvc repro makes them")
        )


def tree_hash(files: dict[str, str]) -> str:
    """Return DVC's hash of a directory from {relative path: md5}: md5 of the sorted listing, and `.dir`."""
    listing = [{"md5": files[name], "relpath": name} for name in sorted(files)]
    return f"{_md5_of(json.dumps(listing, sort_keys=True).encode())}.dir"


def _md5_of(data: bytes) -> str:
    return hashlib.md5(data, usedforsecurity=False).hexdigest()


def cache_dir(root: Path) -> Path:
    """Return the directory of DVC's cache, as the project's own configuration says."""
    parser = configparser.ConfigParser(interpolation=None, strict=False)
    parser.read([root / ".dvc" / "config", root / ".dvc" / "config.local"], encoding="utf-8")
    configured = parser.get("cache", "dir", fallback="cache").strip("\"'")
    return root / ".dvc" / Path(os.path.expanduser(configured))  # noqa: PTH111 - DVC expands ~ the same way


def _ignored(root: Path) -> GitIgnoreSpec | None:
    """Return the patterns of .dvcignore: DVC leaves such files out of a directory's hash."""
    path = root / ".dvcignore"
    if not path.is_file():
        return None
    from pathspec import GitIgnoreSpec

    return GitIgnoreSpec.from_lines(path.read_text(encoding="utf-8").splitlines())


def _named(
    root: Path, stages: Collection[str] | None, *, outputs_only: bool
) -> tuple[list[Named], tuple[str, ...]]:
    """Return the entries with an md5, and the paths of those without (kept outside, such as s3://…)."""
    named, unchecked = [], []
    stages_here = _recorded(root)
    made = tuple(item["path"] for recorded in stages_here.values() for item in recorded.get("outs", []))
    for stage, recorded in stages_here.items():
        if stages is not None and stage not in stages and stage.split("@")[0] not in stages:
            continue
        for kind in ("outs",) if outputs_only else ("deps", "outs"):
            for item in recorded.get(kind, []):
                path = item["path"]
                if "md5" in item:
                    inside = path in made or any(output.startswith(f"{path}/") for output in made)
                    named.append(Named(stage, path, item["md5"], output=kind == "outs", made=inside))
                else:
                    unchecked.append(path)
    return named, tuple(unchecked)


def _recorded(root: Path) -> dict[str, Any]:
    """Return the stages of dvc.lock."""
    from ruamel.yaml import YAML
    from ruamel.yaml.error import YAMLError

    path = root / "dvc.lock"
    try:
        content = YAML(typ="safe").load(path.read_text(encoding="utf-8"))
        recorded: dict[str, Any] = content["stages"]
    except FileNotFoundError as error:
        raise IntegrityError(
            "There is no dvc.lock: nothing says what the files should be.",
            where=str(path.resolve()),
            next="run the command in the project's root, after `dvc repro`",
        ) from error
    except (YAMLError, UnicodeDecodeError, KeyError, TypeError) as error:
        raise IntegrityError(
            f"dvc.lock cannot be read: {str(error).splitlines()[0]}.",
            where=str(path.resolve()),
            next="take the base branch's file (git checkout origin/main -- dvc.lock), then `dvc repro`",
        ) from error
    return recorded
