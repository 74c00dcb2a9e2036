"""The files that make the toy project look like this repository to pull-request.yml, with a tiny review."""

from __future__ import annotations

from pathlib import Path

ROOT = Path(__file__).parents[3]

# `make` prefers this name: the real Makefile, cheap checks, and our `merge-lane` first.
GNUMAKEFILE = """\
include Makefile
export PATH := $(CURDIR)/doubles:$(PATH)
lint test:
\t@echo "$@: fine"
"""
SETUP = """\
#!/bin/sh
ln -sfn {venv} .venv
"""
LANE = """\
#!/bin/sh
case $1 in
  report|review) exec python doubles/review.py "$@" ;;
  *) exec {venv}/bin/merge-lane "$@" ;;
esac
"""
REVIEW = """\
import json, pathlib, subprocess, sys
verb, base = sys.argv[1], sys.argv[3]
old = json.loads(subprocess.check_output(["git", "show", base + ":reports/metrics.json"]))["auc"]
new = json.loads(pathlib.Path("reports/metrics.json").read_text())["auc"]
model = pathlib.Path("models/model.txt").read_text()
blocked = new < old
if verb == "report":
    target = pathlib.Path("reports/review")
    target.mkdir(parents=True, exist_ok=True)
    text = f"# {'BLOCKED' if blocked else 'PASS'}\\n\\nauc {old} -> {new}, {model} cc @everybody\\n"
    for word in sys.argv[4:]:
        title, _, name = word.partition("=")
        text += f"\\n{title}\\n\\n{pathlib.Path(name).read_text()}" if name else ""
    for name in ("report.md", "report.html", "report.json"):
        (target / name).write_text(text)
sys.exit(20 if blocked and verb == "review" else 0)
"""


def files() -> dict[str, str]:
    """Return the toy project's extra files by path: real Makefile, library, scripts, actions."""
    real = [ROOT / "Makefile", ROOT / ".dvc/config", *(ROOT / "scripts").iterdir()]
    real += [*(ROOT / ".github/actions").rglob("*.yml"), *(ROOT / "library/src/merge_lane").rglob("*.py")]
    venv = str(ROOT / ".venv")
    return {
        **{path.relative_to(ROOT).as_posix(): path.read_text() for path in real if path.is_file()},
        "GNUmakefile": GNUMAKEFILE,
        "scripts/setup": SETUP.format(venv=venv),
        "doubles/merge-lane": LANE.format(venv=venv),
        "doubles/review.py": REVIEW,
        "requirements/all.txt": "",
        "requirements/build.txt": "",
        "pyproject.toml": "",
        ".gitignore": "/data/\n/models/model.txt\n/tmp/\n.venv\n.dvcstore/\nreports/review/\n",
    }


def make_executable(root: Path) -> None:
    """Set the mode of scripts: git keeps it."""
    for path in [*(root / "scripts").iterdir(), root / "doubles/merge-lane"]:
        path.chmod(0o755)
