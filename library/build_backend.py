"""Builds the wheel and the source archive of merge-lane, byte for byte the same on every machine.

pip calls this as the build backend that pyproject.toml names. The template's assembly builds the wheel too,
so this file runs on Python 3.8 or newer and needs the standard library only. To build by hand:

    python library/build_backend.py FOLDER

Entries are stored, not compressed: compressed bytes differ between versions of zlib. Names are sorted; times
and modes are fixed.
"""

from __future__ import annotations

import ast
import base64
import gzip
import hashlib
import io
import re
import sys
import tarfile
import zipfile
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent
PACKAGE = "merge_lane"
SOURCE = "src/" + PACKAGE
APART = ("CHANGELOG.md", "LICENSE", "README.md", Path(__file__).name, "pyproject.toml")
"""The files outside `src/`. The wheel carries them in `merge_lane/_source/`: its source is complete."""
MOMENT = (1980, 1, 1, 0, 0, 0)  # the first moment that a zip file can hold
SECONDS = 315532800  # the same moment in seconds since 1970
MODE = 0o644


def build_wheel(
    wheel_directory: str,
    config_settings: dict[str, Any] | None = None,  # noqa: ARG001 - PEP 517 prescribes the signature
    metadata_directory: str | None = None,  # noqa: ARG001
) -> str:
    """Write the wheel to a folder and return its name."""
    return write_wheel(Path(wheel_directory), contents(source()))


def contents(package: dict[str, bytes]) -> dict[str, bytes]:
    """Return what a wheel holds: the package, given by its paths in `src/`, and the files outside it."""
    files = {f"{PACKAGE}/_source/{name}": (ROOT / name).read_bytes() for name in APART}
    return {**files, **{name[len("src/") :]: data for name, data in package.items()}}


def build_editable(
    wheel_directory: str,
    config_settings: dict[str, Any] | None = None,  # noqa: ARG001
    metadata_directory: str | None = None,  # noqa: ARG001
) -> str:
    """Write a wheel that only points to `src/`, and return its name."""
    return write_wheel(Path(wheel_directory), {f"_{PACKAGE}.pth": f"{ROOT / 'src'}\n".encode()})


def build_sdist(sdist_directory: str, config_settings: dict[str, Any] | None = None) -> str:  # noqa: ARG001
    """Write the source archive to a folder and return its name."""
    stem = f"{PACKAGE}-{version()}"
    files = {name: (ROOT / name).read_bytes() for name in APART}
    files.update(source())
    files["PKG-INFO"] = metadata().encode()
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w", format=tarfile.PAX_FORMAT) as archive:
        for name in sorted(files):
            entry = tarfile.TarInfo(f"{stem}/{name}")
            entry.size, entry.mtime, entry.mode = len(files[name]), SECONDS, MODE
            archive.addfile(entry, io.BytesIO(files[name]))
    data = gzip.compress(packed.getvalue(), mtime=SECONDS)
    Path(sdist_directory, stem + ".tar.gz").write_bytes(data)
    return stem + ".tar.gz"


def source() -> dict[str, bytes]:
    """Return path -> bytes of the package, without what Python and editors leave in its folders."""
    paths = (path for path in (ROOT / SOURCE).rglob("*") if path.is_file() and is_source(path))
    return {path.relative_to(ROOT).as_posix(): path.read_bytes() for path in paths}


def is_source(path: Path) -> bool:
    """Return whether a file belongs to the package."""
    inside = path.relative_to(ROOT / SOURCE).parts
    return "__pycache__" not in inside and not any(part.startswith(".") for part in inside)


def write_wheel(folder: Path, files: dict[str, bytes]) -> str:
    """Write files and their metadata as a wheel; return its name."""
    information = f"{PACKAGE}-{version()}.dist-info"
    about = {
        "METADATA": metadata(),
        "WHEEL": "Wheel-Version: 1.0\nGenerator: merge-lane\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        "entry_points.txt": entry_points(),
        "licenses/LICENSE": (ROOT / "LICENSE").read_text(encoding="utf-8"),
    }
    entries = [*sorted(files.items())]
    entries += [(f"{information}/{name}", text.encode()) for name, text in sorted(about.items())]
    lines = [f"{name},sha256={digest(data)},{len(data)}\n" for name, data in entries]
    record = f"{information}/RECORD"
    entries.append((record, "".join([*lines, f"{record},,\n"]).encode()))
    name = f"{PACKAGE}-{version()}-py3-none-any.whl"
    folder.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(folder / name, "w") as archive:
        for path, data in entries:
            archive.writestr(entry_of(path), data)
    return name


def entry_of(path: str) -> zipfile.ZipInfo:
    """Return a zip entry that says nothing of the machine."""
    entry = zipfile.ZipInfo(path, MOMENT)
    entry.create_system = 3  # Unix, on Windows too
    entry.external_attr = (0o100000 | MODE) << 16
    return entry


def digest(data: bytes) -> str:
    """Return a hash as RECORD writes it."""
    return base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()


def version() -> str:
    """Return the version that the package states."""
    text = (ROOT / SOURCE / "version.py").read_text(encoding="utf-8")
    found = re.search(r'^__version__ = "([^"]+)"$', text, re.MULTILINE)
    if not found:
        raise ValueError(f'{SOURCE}/version.py has no line `__version__ = "..."`')
    return found[1]


def table(name: str) -> dict[str, Any]:
    """Return the texts and lists of texts of one table of pyproject.toml.

    Python 3.8 has no reader of TOML. Such values are written alike in Python, comments included.
    """
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    section = re.search(rf"^\[{re.escape(name)}\]$(.*?)(?=^\[|\Z)", text, re.MULTILINE | re.DOTALL)
    body = section[1] if section else ""
    pairs = re.findall(r"^([\w-]+) = (.*?)(?=^[\w-]+ = |\Z)", body, re.MULTILINE | re.DOTALL)
    return {key: ast.literal_eval(value.strip()) for key, value in pairs}


def metadata() -> str:
    """Return METADATA: who it is, what it needs, and its README."""
    project, readme = table("project"), (ROOT / "README.md").read_text(encoding="utf-8")
    lines = [
        "Metadata-Version: 2.4",
        f"Name: {project['name']}",
        f"Version: {version()}",
        f"Summary: {project['description']}",
        f"License-Expression: {project['license']}",
        "License-File: LICENSE",
        f"Requires-Python: {project['requires-python']}",
        *(f"Requires-Dist: {dependency}" for dependency in project["dependencies"]),
    ]
    for extra, dependencies in table("project.optional-dependencies").items():
        lines.append(f"Provides-Extra: {extra}")
        lines += [f"Requires-Dist: {only_with(extra, dependency)}" for dependency in dependencies]
    return "\n".join([*lines, "Description-Content-Type: text/markdown", "", readme])


def only_with(extra: str, dependency: str) -> str:
    """Return a dependency that counts only where the extra is asked for."""
    requirement, _, marker = (part.strip() for part in dependency.partition(";"))
    condition = f"({marker}) and " if marker else ""
    return f'{requirement} ; {condition}extra == "{extra}"'


def entry_points() -> str:
    """Return entry_points.txt: the commands."""
    commands = (f"{name} = {target}\n" for name, target in table("project.scripts").items())
    return "[console_scripts]\n" + "".join(commands)


if __name__ == "__main__":
    print(build_wheel(sys.argv[1]))
