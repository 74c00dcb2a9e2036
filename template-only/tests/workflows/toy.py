"""A DVC project of three tiny stages: `x` and `y` copy a parameter, `train` multiplies them.

Starting from x = y = 0, two branches can each change one parameter, leave the model as it was, and merge
as text into a lock that says what never ran.
"""

from __future__ import annotations

import os
import subprocess
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

STAGE = """\
import json, os, pathlib, sys
import yaml
name = sys.argv[1]
with open(os.environ["RAN_LOG"], "a") as log:
    log.write(name + "\\n")
params = yaml.safe_load(open("params.yaml"))
for directory in ("data", "models", "reports"):
    pathlib.Path(directory).mkdir(exist_ok=True)
if name in ("x", "y"):
    pathlib.Path("data", name).write_text(f"{params[name]}\\n")
else:
    both = int(open("data/x").read()) * int(open("data/y").read())
    pathlib.Path("models/model.txt").write_text(f"model {both}\\n")
    pathlib.Path("models/manifest.json").write_text(json.dumps({"model": both}))
    pathlib.Path("reports/metrics.json").write_text(json.dumps({"auc": both}))
"""
PIPELINE = """\
stages:
  x:
    cmd: python stage.py x
    params: [x]
    outs: [data/x]
  y:
    cmd: python stage.py y
    params: [y]
    outs: [data/y]
  train:
    cmd: python stage.py train
    deps: [data/x, data/y, stage.py]
    outs: [models/model.txt]
    metrics:
      - models/manifest.json: {cache: false}
      - reports/metrics.json: {cache: false}
"""
REMOTE = "[core]\n    remote = store\n['remote \"store\"']\n    url = {url}\n"
PARAMS = "x: {x}\n# between the two,\n# so that git\n# merges changes\ny: {y}\n"
IDENTITY = {
    "GIT_AUTHOR_NAME": "Ada",
    "GIT_AUTHOR_EMAIL": "ada@example.org",
    "GIT_COMMITTER_NAME": "Ada",
    "GIT_COMMITTER_EMAIL": "ada@example.org",
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_CONFIG_COUNT": "1",
    "GIT_CONFIG_KEY_0": "init.defaultBranch",
    "GIT_CONFIG_VALUE_0": "main",
    "DVC_NO_ANALYTICS": "1",
}


class Clone:
    """A work tree in which commands run."""

    def __init__(self, path: Path, log: Path) -> None:
        self.path, self.log = path, log

    def run(self, *command: str, check: bool = True, **env: str) -> subprocess.CompletedProcess[str]:
        """Run a command here; its output is kept."""
        done = subprocess.run(
            command,
            cwd=self.path,
            env={**os.environ, **IDENTITY, "RAN_LOG": str(self.log), **env},
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert done.returncode == 0 or not check, f"{command}: {done.stdout}\n{done.stderr}"
        return done

    def git(self, *arguments: str) -> str:
        return self.run("git", *arguments).stdout.strip()

    def lane(self, *arguments: str, check: bool = True, **env: str) -> subprocess.CompletedProcess[str]:
        """Run a verb of the command line."""
        return self.run("merge-lane", *arguments, check=check, **env)

    def commit(self, message: str) -> str:
        self.git("add", "--all")
        self.git("commit", "--quiet", "--message", message)
        return self.git("rev-parse", "HEAD")

    def set_params(self, x: int, y: int) -> None:
        (self.path / "params.yaml").write_text(PARAMS.format(x=x, y=y))

    def ran(self) -> list[str]:
        """Return the stages that ran since the last call."""
        names = self.log.read_text().split() if self.log.exists() else []
        self.log.unlink(missing_ok=True)
        return names


class Toy:
    """A bare repository and clones of it."""

    def __init__(self, root: Path) -> None:
        self.root, self.origin = root, root / "origin.git"
        subprocess.run(["git", "init", "--quiet", "--bare", "-b", "main", str(self.origin)], check=True)

    def clone(self, name: str, branch: str = "main") -> Clone:
        """Return a new clean clone: no data, no cache."""
        path = self.root / name
        subprocess.run(["git", "clone", "--quiet", "-b", branch, str(self.origin), str(path)], check=True)
        return Clone(path, self.root / f"{name}.log")

    def at(self, path: Path) -> Clone:
        """Return an existing work tree."""
        return Clone(path, self.root / f"{path.name}.log")

    def start(
        self, remote: bool, extra: dict[str, str] | None = None, prepare: Callable[[Path], None] | None = None
    ) -> Clone:
        """Make the first commit of main: pipeline, lock, and with a remote the pushed outputs."""
        path = self.root / "first"
        path.mkdir()
        first = self.at(path)
        first.git("init", "--quiet")
        first.git("remote", "add", "origin", str(self.origin))
        first.run("dvc", "init", "--quiet")
        if remote:
            store = self.root / "store"
            (path / ".dvc/config").write_text(
                f"[core]\n    remote = store\n['remote \"store\"']\n    url = {store}\n"
            )
        files = {"stage.py": STAGE, "dvc.yaml": PIPELINE, ".gitignore": "/data/\n/models/model.txt\n/tmp/\n"}
        for name, text in {**files, **(extra or {})}.items():
            (path / name).parent.mkdir(parents=True, exist_ok=True)
            (path / name).write_text(text)
        if prepare:
            prepare(path)
        first.set_params(0, 0)
        first.run("dvc", "repro")
        if remote:
            first.run("dvc", "push", "--run-cache")
        first.commit("Start")
        first.git("push", "--quiet", "-u", "origin", "main")
        first.ran()
        return first
