"""Find DVC's cache and its objects as DVC does, without importing DVC, which takes seconds."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from merge_lane.errors import ProjectError

if TYPE_CHECKING:
    from collections.abc import Iterator


def cache_dir(root: Path | str) -> Path:
    """Return the absolute path of the cache of the project in `root`, as `dvc cache dir` prints it.

    The last file that sets `cache.dir` wins: the system's configuration, the user's, `.dvc/config`,
    `.dvc/config.local`. `~` is the home folder; another relative path starts at the file's folder. Raises
    ProjectError naming the file that cannot be read.
    """
    folder = Path(root).absolute() / ".dvc"
    directory = folder / "cache"
    for path in _configurations(folder):
        value = _configured(path)
        if value is not None:
            directory = path.parent.absolute() / Path(os.path.expanduser(value))  # noqa: PTH111 - as DVC does
    return Path(os.path.normpath(directory))


def object_path(cache: Path, md5: str) -> Path:
    """Return the file in the cache whose content has this hash."""
    return cache / "files" / "md5" / md5[:2] / md5[2:]


def _configurations(folder: Path) -> Iterator[Path]:
    """Yield the files that configure DVC; a later one wins."""
    import platformdirs

    defaults = {
        "DVC_SYSTEM_CONFIG_DIR": platformdirs.site_config_dir("dvc", "iterative"),
        "DVC_GLOBAL_CONFIG_DIR": platformdirs.user_config_dir("dvc", "iterative"),
    }
    for variable, default in defaults.items():
        yield Path(os.environ.get(variable) or default) / "config"
    yield from (folder / "config", folder / "config.local")


def _configured(path: Path) -> str | None:
    """Return `cache.dir` as one configuration file sets it."""
    from configobj import ConfigObj, ConfigObjError

    if not path.is_file():
        return None
    try:
        tree: dict[str, Any] = ConfigObj(path.read_text(encoding="utf-8").splitlines()).dict()
    except (ConfigObjError, UnicodeDecodeError) as error:
        raise _unreadable(path, f"cannot be read: {error}") from error
    values = [
        value
        for section, keys in tree.items()
        if section.lower() == "cache" and isinstance(keys, dict)
        for key, value in keys.items()
        if key.lower() == "dir"
    ]
    if values and not isinstance(values[-1], str):
        raise _unreadable(path, "has a comma in cache.dir, which needs quotes")
    return values[-1] if values else None


def _unreadable(path: Path, why: str) -> ProjectError:
    return ProjectError(
        f"DVC's configuration {why}.",
        where=str(path),
        next="correct that line; `dvc cache dir` shows the result",
    )
