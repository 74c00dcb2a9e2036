"""A small project in git with a bundle, and a constant load: what the tests of deployments share."""

import hashlib
import http.client
import json
import re
import shutil
import subprocess
import sys
import threading
import time
from contextlib import contextmanager
from pathlib import Path

from merge_lane import settings
from merge_lane.release import manifest

TOY = Path(__file__).parents[1] / "toy_package"
DOUBLE = Path(__file__).with_name("double.py")
PARAMS = Path(__file__).parents[3] / "params.yaml"

LIMITS = settings.Canary(
    share=0.2,
    min_requests=150,
    min_seconds=0,
    max_seconds=10,
    error_alpha=0.004,
    rejected_alpha=0.002,
    p50_ratio=1.5,
    p99_ratio=2,
    latency_slack_ms=30,  # the machine of the tests may be busy
    latency_alpha=0.001,
    min_latencies=100,
    max_prediction_psi=0.3,
    min_predictions=150,
)


def double_command(models, port):
    return [sys.executable, str(DOUBLE), str(models), str(port)]


def quick_params():
    """Return the project's own params.yaml with a canary that needs few requests."""
    quick = "".join(f"  {name}: {value}\n" for name, value in LIMITS.model_dump().items())
    return re.sub(r"^canary:.*\n(?:  .*\n)+", "canary:\n" + quick, PARAMS.read_text(), flags=re.MULTILINE)


class Project:
    """A repository whose commits each hold a reviewed model."""

    def __init__(self, root):
        self.root = root
        (root / "models").mkdir(parents=True)
        (root / "reports").mkdir()
        self.git("init", "-q", "-b", "main")
        for key, value in {
            "user.name": "Ada",
            "user.email": "ada@example.org",
            "commit.gpgsign": "false",
        }.items():
            self.git("config", key, value)
        self.params()
        shutil.copytree(TOY, root / "src" / TOY.name, ignore=shutil.ignore_patterns("__pycache__"))
        shutil.copy(TOY.with_name("toy.py"), root / "src")  # its features call it
        (root / "pyproject.toml").write_text(f'[tool.merge-lane]\npackage = "{TOY.name}"\n')
        (root / ".gitignore").write_text(
            "models/*\n!models/manifest.json\n.dvc/\nreports/review/\ndeployments/\nrelease.json\n"
        )

    def params(self):
        (self.root / "params.yaml").write_text(quick_params())

    def git(self, *words):
        done = subprocess.run(
            ["git", "-C", str(self.root), *words], capture_output=True, text=True, check=True
        )
        return done.stdout.strip()

    def release(self, name="a", **behaviour):
        """Commit a model and return its release manifest."""
        self.bundle(name, behaviour)
        return self.commit(name)

    def adopt(self, models, name="adopted"):
        """Commit a bundle that was made elsewhere and return its release manifest."""
        shutil.copytree(models, self.root / "models", dirs_exist_ok=True)
        self.lock()
        return self.commit(name)

    def commit(self, name):
        (self.root / "reports/metrics.json").write_text(json.dumps({"auc": 0.74}))
        self.git("add", "-A")
        self.git("commit", "-q", "--allow-empty", "-m", f"model {name}")
        return manifest.make(self.root)

    def bundle(self, name, behaviour):
        models = self.root / "models"
        files = {"model.onnx": name, "contract.json": "{}", "behaviour.json": json.dumps(behaviour)}
        for file, text in files.items():
            (models / file).write_text(text)
        sums = {file: {"sha256": hashlib.sha256(text.encode()).hexdigest()} for file, text in files.items()}
        text = json.dumps({"format": 1, "files": sums, "inputs": {"data": "d" * 64, "contract": "c" * 64}})
        (models / "manifest.json").write_text(text)
        self.lock()

    def lock(self):
        """Write dvc.lock as DVC would, and keep the outputs in its cache."""
        lines = ["schema: '2.0'", "stages:", "  train:", "    cmd: 'true'", "    outs:"]
        for path in sorted((self.root / "models").iterdir()):
            md5 = hashlib.md5(path.read_bytes()).hexdigest()
            lines += [f"    - path: models/{path.name}", "      hash: md5", f"      md5: {md5}"]
            cached = self.root / ".dvc/cache/files/md5" / md5[:2] / md5[2:]
            cached.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, cached)
        (self.root / "dvc.lock").write_text("\n".join(lines) + "\n")


class Load:
    """Clients that ask without pause over kept connections, and count."""

    def __init__(self, port, clients=3, pause=0.001):
        self.port, self.pause = port, pause
        self.answers, self.failures = 0, []
        self.seconds = []
        self._stop = threading.Event()
        self._threads = [threading.Thread(target=self._ask, daemon=True) for _ in range(clients)]

    def _ask(self):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        while not self._stop.is_set():
            started = time.perf_counter()
            try:
                connection.request("POST", "/predict", body=b'{"rows": [{}]}')
                answer = connection.getresponse()
                answer.read()
                if answer.status != 200:
                    release = answer.headers.get("x-merge-lane-release")
                    self.failures.append(f"{answer.status} {release}")
            except (OSError, http.client.HTTPException) as error:
                self.failures.append(repr(error))
                connection.close()
            self.answers += 1
            self.seconds.append(time.perf_counter() - started)
            time.sleep(self.pause)
        connection.close()

    def __enter__(self):
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self._stop.set()
        for thread in self._threads:
            thread.join(30)


@contextmanager
def stopped(target):
    """Whatever happens, nothing listens after the test."""
    try:
        yield target
    finally:
        target.stop()
