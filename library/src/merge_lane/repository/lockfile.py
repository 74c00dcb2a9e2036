"""Read dvc.lock and dvc.yaml. Every other module gets its stages and outputs here.

ruamel.yaml reads them, because DVC writes and reads them with it: under YAML 1.1 (PyYAML) a category `yes`
becomes True and `12:30:45` a number. It also refuses duplicate keys and deep nesting, where PyYAML takes the
last key and its C parser crashes. It needs 3 ms for each kilobyte; PyYAML's C parser 0.3 ms.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from merge_lane.errors import LockError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

LOCK, PIPELINE = "dvc.lock", "dvc.yaml"
NEXT = {
    LOCK: "take the base branch's file (git checkout origin/main -- dvc.lock), then `make lock`",
    PIPELINE: "`git diff dvc.yaml` shows what changed",
}


@dataclass(frozen=True)
class Entry:
    """A file or directory of a stage. `md5` ends in `.dir` for a directory, is None for one outside DVC."""

    path: str
    md5: str | None


@dataclass(frozen=True)
class Stage:
    """A stage of dvc.lock: `name@key` for a run of a matrix stage. `params` maps a file to its keys."""

    name: str
    deps: tuple[Entry, ...]
    outs: tuple[Entry, ...]
    params: dict[str, dict[str, Any]]

    @property
    def base(self) -> str:
        """The stage's name in dvc.yaml."""
        return self.name.split("@")[0]


def read(root: Path) -> dict[str, Stage] | None:
    """Return the stages of the dvc.lock in `root`, None without the file. Raises LockError."""
    path = root / LOCK
    return stages(path.read_bytes(), str(path)) if path.is_file() else None


def stages(lock: bytes | None, where: str = LOCK) -> dict[str, Stage]:
    """Return the stages of a dvc.lock by name; none for None. Raises LockError where it is no lock."""
    if lock is None:
        return {}
    tree = parse_yaml(lock, where)
    bodies = tree.get("stages") if isinstance(tree, dict) else None
    if not isinstance(bodies, dict):
        raise _unreadable(where, "it has no table of stages")
    return {name: _stage(name, body, where) for name, body in bodies.items()}


def _stage(name: Any, body: Any, where: str) -> Stage:
    params = body.get("params", {}) if isinstance(name, str) and isinstance(body, dict) else None
    if not isinstance(params, dict) or not all(isinstance(keys, dict) for keys in params.values()):
        raise _unreadable(where, f"stage {name} is no table")
    deps, outs = (tuple(_entries(body.get(kind, []), f"stage {name}", where)) for kind in ("deps", "outs"))
    return Stage(name, deps, outs, params)


def _entries(items: Any, what: str, where: str) -> Iterator[Entry]:
    if not isinstance(items, list):
        raise _unreadable(where, f"{what} has no list of files")
    for item in items:
        path, md5 = (item.get("path"), item.get("md5")) if isinstance(item, dict) else (None, None)
        if not isinstance(path, str) or not isinstance(md5, str | None):
            raise _unreadable(where, f"{what} has a file without path or hash")
        yield Entry(path, md5)


def outputs(lock: bytes | None, where: str = LOCK) -> dict[str, str]:
    """Return {path: md5} of every output of a dvc.lock that DVC hashes."""
    listed = (entry for stage in stages(lock, where).values() for entry in stage.outs)
    return {entry.path: entry.md5 for entry in listed if entry.md5 is not None}


def uncached_outputs(pipeline: bytes | None, where: str = PIPELINE) -> set[str]:
    """Return the outputs that git tracks: those that a dvc.yaml declares with `cache: false`."""
    tree = parse_yaml(pipeline, where) if pipeline else {}
    if not isinstance(tree, dict) or not isinstance(tree.get("stages") or {}, dict):
        raise _unreadable(where, "it has no stages")
    bodies = [body.get("do", body) for body in (tree.get("stages") or {}).values() if isinstance(body, dict)]
    declared = [entry for body in bodies for kind in ("outs", "metrics") for entry in body.get(kind) or []]
    return {
        path
        for entry in declared
        if isinstance(entry, dict)
        for path, options in entry.items()
        if isinstance(options, dict) and options.get("cache") is False
    }


def parse_yaml(data: bytes, where: str = LOCK) -> Any:
    """Return plain values from YAML. Raises LockError where it is not YAML, or has an alias.

    dvc.lock and dvc.yaml need no alias, and a few lines of nested ones fill the memory.
    """
    from ruamel.yaml import YAML
    from ruamel.yaml.composer import Composer
    from ruamel.yaml.error import YAMLError
    from ruamel.yaml.events import AliasEvent

    class Plain(Composer):
        """Refuses an alias where it would be resolved."""

        def compose_node(self, parent: Any, index: Any) -> Any:
            """Return the next node."""
            if self.parser.check_event(AliasEvent):
                raise YAMLError("it has an alias")
            return super().compose_node(parent, index)

    reader = YAML(typ="safe", pure=True)
    reader.Composer = Plain
    try:
        return reader.load(data.decode())
    except RecursionError as error:
        raise _unreadable(where, "it is nested too deep") from error
    except (YAMLError, ValueError, TypeError) as error:  # TypeError: a key that is a list or a table
        raise _unreadable(where, " ".join(str(error).split())[:300]) from error


def _unreadable(where: str, why: str) -> LockError:
    name = PIPELINE if where.endswith(PIPELINE) else LOCK
    return LockError(f"{name} cannot be read: {why}.", where=where, next=NEXT[name])
