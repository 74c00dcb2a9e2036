"""The local target: no cloud, no Docker. Each version is a process of its own; a router owns the port.

Each environment has one folder: `router.json` (each version's share: the one truth), `versions/ID/` (a copy
of the bundle, the manifest, the server's log), and the router's counts.
"""

from __future__ import annotations

import shutil
import sys
import time
from typing import TYPE_CHECKING, Any

from merge_lane.errors import ChainError, DeployError, PortInUseError
from merge_lane.release import chain
from merge_lane.release.canary import Observation
from merge_lane.release.manifest import load
from merge_lane.release.targets import net
from merge_lane.release.targets.local import process, snapshot, tally
from merge_lane.repository import code
from merge_lane.system.files import read_json, write_json

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from merge_lane.release.manifest import Release

READY_SECONDS = 60.0  # a server is ready in one or two seconds; a busy machine may take longer
OBEY_SECONDS = 10.0
DRAIN_SECONDS = 40.0  # longer than the longest request that the router allows
POLL_SECONDS = 0.02
KEPT = 5  # previous versions whose files stay, for a rollback
DEFAULT_PORT = 8000


def serve_command(models: Path, port: int) -> list[str]:
    """Return the command that serves a bundle on a port of this machine."""
    arguments = ["-m", "merge_lane", "serve", "--bundle", str(models)]
    return [sys.executable, *arguments, "--host", "127.0.0.1", "--port", str(port)]


def connect(
    folder: Path,
    root: Path,
    *,
    port: int | None,
    requests: Callable[[], Sequence[bytes]],  # noqa: ARG001 - the router counts the users' own requests
) -> LocalTarget:
    """Return the environment in `folder`, on this machine; `port` is for a new one."""
    return LocalTarget(folder, root, port=port)


class LocalTarget:
    """One environment on this machine. `command` makes the server's command line from bundle and port."""

    remote = False

    def __init__(
        self,
        folder: Path,
        root: Path,
        *,
        port: int | None = None,
        host: str = "127.0.0.1",
        command: Callable[[Path, int], list[str]] | None = None,
        ready_seconds: float = READY_SECONDS,
    ) -> None:
        self.folder = folder
        self.root = root
        self._address = (host, port)
        self.command = command or serve_command
        self.ready_seconds = ready_seconds

    @property
    def url(self) -> str:
        """Return the address that answers predictions."""
        return "http://{}:{}".format(*self.address)

    @property
    def address(self) -> tuple[str, int]:
        """Return host and port of the router."""
        control = self._control()
        return control["host"], control["port"]

    def stable(self) -> str | None:
        """Return the id of the release that has the traffic."""
        name: str | None = self._control()["stable"]
        return name

    def keep(self) -> None:
        """Do nothing: state and record lie in the environment's folder."""

    def restore(self) -> None:
        """Start what should be running and is not, after a reboot for example."""
        name = self.stable()
        if name is not None:
            self._run(load(self._home(name) / "release.json"))
            self._point(self._control())

    def prepare(self, release: Release) -> None:
        """Copy what the release needs, and check the chain from dvc.lock to the copy. Raises ChainError."""
        chain.check(chain.reviewed(self.root, release))
        home = self._home(release.id)
        snapshot.collect(self.root, release, home)
        try:
            chain.check(chain.bundle(home / "models", release))
        except ChainError:
            if release.id != self.stable():
                shutil.rmtree(home)  # a later deployment must copy it again
            raise

    def start(self, release: Release, *, direct: bool) -> bool:  # noqa: ARG002 - always beside
        """Check the copy again, and run it until it is ready and answers with its own hash."""
        chain.check(chain.bundle(self._home(release.id) / "models", release))
        self._run(release)
        return True

    def _run(self, release: Release) -> None:
        home = self._home(release.id)
        if process.alive(home, "server") is None:
            write_json(home / "port.json", net.free_port())
            command = self.command(home / "models", read_json(home / "port.json"))
            variables = {"MERGE_LANE_COMMIT": release.commit, **code.environment(home / "code")}
            process.start(home, "server", command, variables)
        self._await_ready(release)
        port = read_json(home / "port.json")
        answer = net.get(port, "/version")
        chain.check(chain.version(release, answer, f"127.0.0.1:{port}/version", commit=True))

    def _await_ready(self, release: Release) -> None:
        home = self._home(release.id)
        port = read_json(home / "port.json")
        until = time.monotonic() + self.ready_seconds
        while time.monotonic() < until and not process.ended(home, "server"):
            if net.get(port, "/readyz") is not None:
                return
            time.sleep(POLL_SECONDS)
        raise DeployError(
            f"Release {release.id} never became ready.\n{net.tail(home / 'server.log')}",
            where=str(home / "server.log"),
            next="run `merge-lane serve` on this commit and read its log; stable keeps serving",
        )

    def route(self, release: Release, share: float, deployment: str) -> None:
        """Divide the traffic, and return once the router has the new shares."""
        control = self._control()
        percent = round(100 * share)
        versions = {release.id: self._entry(release.id, percent)}
        stable = control["stable"]
        if stable is not None and stable != release.id:
            versions[stable] = self._entry(stable, 100 - percent)
        edges = tally.edges_of(self._home(stable or release.id) / "models")
        self._point({**control, "versions": versions, "epoch": deployment, "edges": edges})

    def observe(self, release: Release) -> Observation:
        """Return the router's counts of this deployment; None for a version that it does not know."""
        self._ensure_router()
        status, control = self._status(), self._control()
        versions = status.get("versions", {}) if status.get("epoch") == control["epoch"] else {}
        counts = {name: tally.read(tree) for name, tree in versions.items()}
        return Observation(counts.get(control["stable"]), counts.get(release.id), 0.0)

    def promote(self, release: Release) -> None:
        """Make the release stable, wait until the previous version is idle, and stop it."""
        control = self._control()
        self._point({**control, "stable": release.id, "versions": {release.id: self._entry(release.id, 100)}})
        self._await_drained()
        for home in self._homes():
            if home.name != release.id:
                process.stop(home, "server")
        self._prune()

    def remove(self, release: Release) -> None:
        """Take the release out, wait until it is idle, and stop it. The stable one is never removed."""
        control = self._control()
        stable = control["stable"]
        if release.id == stable:
            return
        if stable is None:
            process.stop(self.folder, "router")
            self._write({**control, "versions": {}})
        else:
            self._point({**control, "versions": {stable: self._entry(stable, 100)}})
            self._await_drained()
        process.stop(self._home(release.id), "server")

    def links(self, release: Release) -> Iterator[chain.Link]:
        """Yield the links of the served files."""
        home = self._home(release.id)
        path = home / "release.json"
        yield chain.deployed(release, load(path) if path.exists() else None, str(path))
        yield from chain.bundle(home / "models", release)

    def version(self) -> dict[str, Any] | None:
        """Return the answer of `/version`."""
        host, port = self.address
        return net.get(port, "/version", host)

    def stop(self) -> None:
        """Stop the router and all versions: the environment then serves nothing."""
        process.stop(self.folder, "router")
        for home in self._homes():
            process.stop(home, "server")

    def counts(self) -> dict[str, Any]:
        """Return the router's counts of each version."""
        return dict(self._status().get("versions", {}))

    def _home(self, name: str) -> Path:
        return self.folder / "versions" / name

    def _homes(self) -> list[Path]:
        return sorted((self.folder / "versions").glob("[!.]*")) if (self.folder / "versions").is_dir() else []

    def _entry(self, name: str, weight: int) -> dict[str, int]:
        return {"port": read_json(self._home(name) / "port.json"), "weight": weight}

    def _control(self) -> dict[str, Any]:
        path = self.folder / "router.json"
        empty: dict[str, Any] = {"generation": 0, "stable": None, "versions": {}, "epoch": ""}
        host, port = self._address
        fresh = {**empty, "edges": tally.DEFAULT_EDGES, "host": host, "port": port or DEFAULT_PORT}
        known: dict[str, Any] = read_json(path) if path.exists() else fresh
        if port not in (None, known["port"]):
            raise DeployError(
                f"{self.folder.name} listens on port {known['port']}, not on {port}.",
                where=str(path),
                next="leave --port out; to move it, "
                f"merge-lane stop --environment {self.folder.name}, "
                f"then remove {self.folder}",
            )
        return known

    def _write(self, control: dict[str, Any]) -> int:
        generation = int(control["generation"]) + 1
        write_json(self.folder / "router.json", {**control, "generation": generation})
        return generation

    def _point(self, control: dict[str, Any]) -> None:
        """Write the table and return once the router has read it. Raises DeployError when it does not."""
        generation = self._write(control)
        self._ensure_router()
        self._await(lambda status: status.get("generation", -1) >= generation, OBEY_SECONDS, "obey")

    def _await_drained(self) -> None:
        self._await(
            lambda status: not status.get("draining"), DRAIN_SECONDS, "end the previous version's requests"
        )

    def _await(self, fulfilled: Callable[[dict[str, Any]], bool], seconds: float, what: str) -> None:
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            if fulfilled(self._status()):
                return
            time.sleep(POLL_SECONDS)
        self._ensure_router()
        raise DeployError(
            f"The router did not {what} within {seconds:.0f} s.\n{net.tail(self.folder / 'router.log')}",
            where=str(self.folder / "router.log"),
            next="`merge-lane status` shows what runs; run the same command again to continue",
        )

    def _status(self) -> dict[str, Any]:
        """Return the status of the running router; nothing of one that died."""
        path = self.folder / "status.json"
        status = dict(read_json(path)) if path.exists() else {}
        return status if status.get("pid") == process.alive(self.folder, "router") else {}

    def _ensure_router(self) -> None:
        """Start the router unless it runs. Raises PortInUseError when another program has the port."""
        if process.alive(self.folder, "router") is not None:
            return
        host, port = self.address
        if not net.bindable(host, port):
            raise PortInUseError(
                f"Another program listens on {host}:{port}.",
                where=str(self.folder),
                next="stop that program, or choose another port with --port",
            )
        module = "merge_lane.release.targets.local.router"
        process.start(self.folder, "router", [sys.executable, "-m", module, str(self.folder)])
        self._await(bool, OBEY_SECONDS, "start")

    def _prune(self) -> None:
        """Keep the files of the last few versions only."""
        old = sorted(self._homes(), key=lambda home: home.stat().st_mtime, reverse=True)
        for home in old[KEPT + 1 :]:
            if home.name != self.stable():
                shutil.rmtree(home)
