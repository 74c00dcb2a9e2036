"""Files that appear whole or not at all, and the hashes of what is in them."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from merge_lane.errors import WriteError

if TYPE_CHECKING:
    from collections.abc import Iterator

CHUNK_BYTES = 1 << 20


@contextmanager
def atomic_path(target: Path | str) -> Iterator[Path]:
    """Yield a temporary path beside `target`; on success it replaces `target`, on failure nothing is left.

    Raises WriteError when the operating system refuses (a full disk, no permission).
    """
    target = Path(target)
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.", suffix=".part")
        os.close(handle)
    except OSError as error:
        raise _refused(target, error) from error
    temporary = Path(name)
    try:
        yield temporary
        temporary.chmod(0o644)  # mkstemp makes 0600, which another user (a container, say) cannot read
        _flush_to_disk(temporary)
        temporary.replace(target)
    except OSError as error:
        raise _refused(target, error) from error
    finally:
        temporary.unlink(missing_ok=True)


@contextmanager
def atomic_directory(target: Path | str, keep: tuple[str, ...] = ()) -> Iterator[Path]:
    """Yield an empty directory that replaces `target` on success; on failure nothing has changed.

    Files named in `keep` are carried over from the previous `target`. Raises WriteError as `atomic_path`
    does.
    """
    target = Path(target)
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        workshop = Path(tempfile.mkdtemp(dir=target.parent, prefix=f".{target.name}.", suffix=".part"))
    except OSError as error:
        raise _refused(target, error) from error
    fresh, former = workshop / "fresh", workshop / "former"
    try:
        fresh.mkdir()
        yield fresh
        for name in keep:
            if (target / name).is_file():
                shutil.copy2(target / name, fresh / name)
        _replace_directory(target, fresh, former)
    except OSError as error:
        raise _refused(target, error) from error
    finally:
        shutil.rmtree(workshop, ignore_errors=True)


def _replace_directory(target: Path, fresh: Path, former: Path) -> None:
    """Swap two directories; the previous one is put back where the swap fails."""
    for path in fresh.iterdir():
        _flush_to_disk(path)
    if target.exists():
        target.rename(former)
    try:
        fresh.rename(target)
    except OSError:
        if former.exists():
            former.rename(target)
        raise


def _flush_to_disk(path: Path) -> None:
    """Ask the disk now: a full one must refuse before the rename, not after."""
    with path.open("rb+") as stream:
        os.fsync(stream.fileno())


def _refused(target: Path, error: OSError) -> WriteError:
    return WriteError(
        f"Cannot write {target}: {error.strerror or error}.",
        where=str(target),
        next="free some space or fix the permissions, then repeat the command; no partial file was left",
    )


def write_bytes(target: Path | str, data: bytes) -> None:
    """Write `data` whole or not at all."""
    with atomic_path(target) as path:
        path.write_bytes(data)


def write_text(target: Path | str, text: str) -> None:
    """Write `text` as UTF-8 with one newline at its end."""
    write_bytes(target, (text.rstrip("\n") + "\n").encode())


def dump_json(value: Any) -> str:
    """Return `value` as JSON with sorted keys: the same value is always the same bytes. NaN is refused."""
    return json.dumps(value, indent=2, sort_keys=True, ensure_ascii=False, allow_nan=False)


def json_digest(value: Any) -> str:
    """Return the sha256 of `value` as JSON with sorted keys."""
    return hashlib.sha256(dump_json(value).encode()).hexdigest()


def write_json(target: Path | str, value: Any) -> None:
    """Write `value` as JSON: sorted keys, two spaces, one newline at the end."""
    write_text(target, dump_json(value))


def read_json(path: Path | str) -> Any:
    """Return the JSON value in `path`."""
    return json.loads(Path(path).read_text(encoding="utf-8"))


def digest(path: Path | str, algorithm: str = "sha256") -> str:
    """Return the hex digest of a file, read in chunks."""
    state = hashlib.new(algorithm, usedforsecurity=False)
    with Path(path).open("rb") as stream:
        while chunk := stream.read(CHUNK_BYTES):
            state.update(chunk)
    return state.hexdigest()
