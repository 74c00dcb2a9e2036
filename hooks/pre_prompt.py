"""Assembles the template out of the live tree, in cookiecutter's temporary copy, just before its questions.

The live tree is a working project without any Jinja. This hook escapes every text file and every path,
turns the live names into variables, and adds the library as a wheel. cookiecutter then renders the result
with the answers. Standard library only, Python 3.8 or newer. template_only_needs_cookiecutter_2_4.py checks
the answers; docs/decisions/template-only-assembly.md gives the reasons.
"""

from __future__ import annotations

import fnmatch
import glob
import importlib.util
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

TEMPLATE = "{{cookiecutter.project_slug}}"
# What never ships, first rule: a part of the path begins like this (the underscore is for Python's imports).
PREFIXES = ("template-only", "template_only")
# Second rule: the product's own folders, and two names that cookiecutter prescribes.
PRODUCT = (".ci/", "benchmarks/", "docs/", "library/", "hooks/", "cookiecutter.json")
KEPT = ("docs/README.md", "docs/runbook.md")  # of these folders, what a project has too
RECORDS = (
    "dvc.lock",
    "models/",
    "reports/",
)  # from this repository's runs: a project makes its own
OVERLAY = "template-only/overlay/"  # these files replace their namesakes in a generated project
BACKEND = "library/build_backend.py"  # builds the library's wheel
PINS = "library/src/merge_lane/template/pins.py"  # where a project keeps it, and how its locks name it
LIKE_BINARY = 1024  # bytes from whose look cookiecutter guesses that a file is binary
LOOKS_LIKE_TEXT = re.compile(rb"(?!bplist|dex\n|fLaC|wOF)[^A-Z0-9%!][\t\n -~]*\Z")
GUARD = (
    "{# " + "Plain text first, so that this file is not taken for binary. ".ljust(LIKE_BINARY, "-") + " #}"
)


class TemplateError(Exception):
    """A reason, in one sentence, why the template cannot be assembled."""


class Encoder:
    """Turns live text into template text, which renders to the live text again with the live names."""

    def __init__(self, live: dict[str, str]) -> None:
        """Take the live answers: name, owner and description. The product's own address stays as it is."""
        slug = live["project_name"].lower().replace(" ", "-")
        package = slug.replace("-", "_")
        tokens = {
            live["project_name"]: "project_name",
            slug: "project_slug",
            package: "package_name",
            package.upper(): "package_name|upper",
            live["owner"]: "owner",
            live["description"]: "description",
        }
        self.tokens = {token: "{{ cookiecutter." + variable + " }}" for token, variable in tokens.items()}
        address = "/".join(live["_home"].split("/")[-2:])
        self.tokens[address] = address
        longest_first = "|".join(re.escape(token) for token in sorted(self.tokens, key=len, reverse=True))
        # A brace that would open a tag, with the next character or with a variable put after it; a carriage
        # return, which Jinja would turn into a newline; a name.
        self.pattern = re.compile(r"\{(?=[{%#\r]|" + longest_first + r")|\r|" + longest_first)

    def __call__(self, text: str) -> str:
        """Return the template of `text`."""
        return self.pattern.sub(self._one, text)

    def _one(self, match: re.Match[str]) -> str:
        token = match[0]
        return {"{": "{{ '{' }}", "\r": r"{{ '\r' }}"}.get(token) or self.tokens[token]


def text_of(data: bytes) -> str | None:
    """Return the text of a file, or None if it is binary."""
    try:
        return None if b"\0" in data else data.decode("utf-8")
    except UnicodeDecodeError:
        return None


def guarded(text: str) -> str:
    """Start `text` with a comment of plain letters where cookiecutter might take it for binary."""
    start = text.encode()[:LIKE_BINARY]
    return text if not start or LOOKS_LIKE_TEXT.match(start) else GUARD + text


def live_files(root: Path) -> list[str]:
    """Return what git tracks or, without git (an archive), what no .gitignore names."""
    if (root / ".git").exists() and shutil.which("git"):
        return tracked(root)
    return sorted(walked(root))


def tracked(root: Path) -> list[str]:
    """Return what git tracks, as far as it is there. What is not tracked never ships."""
    environment = {key: value for key, value in os.environ.items() if not key.startswith("GIT_")}
    command = ["git", "-C", str(root), "ls-files", "-z", "--stage"]
    listed = subprocess.run(command, capture_output=True, text=True, env=environment)  # noqa: PLW1510 - asked below
    if listed.returncode:
        raise TemplateError(f"git cannot list the template's files: {listed.stderr.strip()} Clone it again.")
    entries = [entry.split("\t", 1) for entry in listed.stdout.split("\0") if entry]
    for mode, path in entries:
        refuse_link(path, linked=mode[:6] in {"120000", "160000"})
    return sorted({path for _, path in entries if (root / path).exists()})


def walked(root: Path) -> list[str]:
    """Return every file that no .gitignore names, in its folder or above."""
    paths: list[str] = []
    rules = [("", ".git")]
    for folder, directories, files in os.walk(root):
        base = os.path.relpath(folder, root).replace(os.sep, "/")
        base = "" if base == "." else base + "/"
        if ".gitignore" in files:
            lines = Path(folder, ".gitignore").read_text(encoding="utf-8").splitlines()
            rules += [(base, line.strip()) for line in lines if line.strip() and not line.startswith("#")]
        directories[:] = [name for name in directories if not ignored(f"{base}{name}/", rules)]
        paths += [base + name for name in files if not ignored(base + name, rules)]
    return paths


def ignored(path: str, rules: list[tuple[str, str]]) -> bool:
    """Return whether the last rule that matches `path` (a directory ends with a slash) excludes it."""
    verdict = False
    for base, rule in rules:
        pattern = rule.lstrip("!")
        inside = path[len(base) :].rstrip("/")
        anchored = "/" in pattern.rstrip("/")
        subject = inside if anchored else inside.rsplit("/", 1)[-1]
        fits = path.startswith(base) and fnmatch.fnmatch(subject, pattern.strip("/"))
        if fits and (path.endswith("/") or not pattern.endswith("/")):
            verdict = not rule.startswith("!")
    return verdict


def refuse_link(path: str, *, linked: bool) -> None:
    """A link does not survive cookiecutter's copy."""
    if linked:
        raise TemplateError(
            f"{path} is a link or a submodule, which cookiecutter cannot copy: make it a file."
        )


def ships(path: str) -> bool:
    """Return whether a live file belongs in a generated project."""
    marked = any(part.startswith(PREFIXES) for part in path.split("/"))
    return not marked and (path in KEPT or not path.startswith(PRODUCT + RECORDS))


def shipped(paths: list[str]) -> dict[str, str]:
    """Return path in the project -> path in the live tree; the overlay's files replace their namesakes."""
    overlay = {path[len(OVERLAY) :]: path for path in paths if path.startswith(OVERLAY)}
    return {**{path: path for path in paths if ships(path)}, **overlay}


def assemble(root: Path, into: Path) -> int:
    """Write the template of the live tree `root` and its questions to `into`; return the number of files."""
    questions = json.loads((root / "cookiecutter.json").read_text(encoding="utf-8"))
    encode, tracked_files, pins = Encoder(questions), live_files(root), module(root / PINS)
    files, wheel = shipped(tracked_files), add_wheel(root, tracked_files, into / TEMPLATE / pins.WHEELS)
    binary = [f"{pins.WHEELS}/*"]  # cruft keeps this list: it must hold for the next version too
    for path, live in files.items():
        refuse_link(live, linked=(root / live).is_symlink())
        data = (root / live).read_bytes()
        text = text_of(data)
        if text is None:
            binary.append(glob.escape(encode(path)))
        elif path in pins.LOCKS:
            text = pins.pinned(text, pins.pin_of(wheel))
        rendered = data if text is None else guarded(encode(text)).encode()
        write(into / TEMPLATE / encode(path), rendered, executable=is_executable(root / live, data))
    questions["_copy_without_render"] = sorted(binary)
    text = json.dumps(questions, indent=2, ensure_ascii=False)
    (into / "cookiecutter.json").write_text(text + "\n", encoding="utf-8")
    return len(files) + 1


def is_executable(source: Path, data: bytes) -> bool:
    """Return whether a file is a program. An archive has lost the bit; a script begins with `#!`."""
    return data.startswith(b"#!") or bool(source.stat().st_mode & 0o100)


def write(target: Path, data: bytes, *, executable: bool) -> None:
    """Write one file of the template."""
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(data)
    target.chmod(0o755 if executable else 0o644)


def module(path: Path) -> Any:
    """Import a file that is not installed."""
    specification = importlib.util.spec_from_file_location(f"template_only_{path.stem}", path)
    loaded = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(loaded)
    return loaded


def add_wheel(root: Path, paths: list[str], folder: Path) -> Path:
    """Build the library's wheel of what git tracks, and return where it is."""
    backend = module(root / BACKEND)
    names = [path[len("library/") :] for path in paths if path.startswith(f"library/{backend.SOURCE}/")]
    package = {name: (root / "library" / name).read_bytes() for name in names}
    return folder / backend.write_wheel(folder, backend.contents(package))


def main() -> int:
    """Assemble in the current directory, which is cookiecutter's copy of the repository."""
    try:
        assemble(Path.cwd(), Path.cwd())
    except (TemplateError, OSError) as reason:
        print(f"The template cannot be assembled: {reason}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
