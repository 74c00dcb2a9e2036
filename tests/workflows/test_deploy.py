"""deploy.yml and rollback.yml, executed as written, with nothing configured and a double of the registry."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from workflows import shipped
from workflows.rehearsal import engine, events
from workflows.rehearsal.engine import Event
from workflows.rehearsal.world import World
from workflows.toy import Clone, Toy

WORKFLOWS = Path(__file__).parents[2] / ".github/workflows"
PROGRAMS = Path(__file__).parent / "programs"
NOTHING = "0" * 40  # what `before` is for the first push of a branch
ALL_WELL = dict.fromkeys(("reproduce", "image", "staging", "production"), "success")

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]


@pytest.fixture(scope="session")
def seed(tmp_path_factory):
    """The project's main, pushed once."""
    toy = Toy(tmp_path_factory.mktemp("shipped"))
    first = toy.at(toy.root / "first")
    first.path.mkdir()
    shipped.write(first.path)
    first.git("init", "--quiet")
    first.git("remote", "add", "origin", str(toy.origin))
    first.run("dvc", "repro")
    first.commit("Start")
    first.git("push", "--quiet", "-u", "origin", "main")
    return toy


@pytest.fixture
def world(seed, github, tmp_path):
    origin = tmp_path / "origin.git"
    shutil.copytree(seed.origin, origin)
    github.extra_environment = {
        "ATTESTATIONS": str(tmp_path / "attestations"),
        "DVC_NO_ANALYTICS": "1",
        "ENGINE": str(PROGRAMS / "engine.py"),
        "IMAGES": str(tmp_path / "images"),
        "MLFLOW_TRACKING_URI": "http://127.0.0.1:9",  # nobody is there: the registry is a mirror
        "PATH": f"{PROGRAMS}:{shipped.tools()}",
    }
    return World(tmp_path, origin, github)


@pytest.fixture
def desk(world):
    """A person's clone of main."""
    toy = Toy.__new__(Toy)
    toy.root, toy.origin = world.root, world.origin
    return toy.clone("desk")


class Main:
    """Pushes to main and rehearses what that starts."""

    def __init__(self, world: World, desk: Clone, expressions) -> None:
        self.world, self.desk, self.expressions = world, desk, expressions
        self.head = NOTHING

    def deploy(self, before_job=None) -> engine.Run:
        """Rehearse deploy.yml for the head of main."""
        before, self.head = self.head, self.desk.git("rev-parse", "HEAD")
        workflow = engine.load(WORKFLOWS / "deploy.yml")
        event = Event("push", events.push(before), "refs/heads/main", self.head)
        run = engine.rehearse(self.world, self.expressions, workflow, event, before_job)
        print(run.log())
        return run

    def roll_back(self, to: str = "") -> engine.Run:
        """Rehearse rollback.yml for production, started by hand on main."""
        workflow = engine.load(WORKFLOWS / "rollback.yml")
        inputs = {"environment": "production", "to": to}
        head = self.desk.git("rev-parse", "HEAD")
        event = Event("workflow_dispatch", events.dispatch(inputs), "refs/heads/main", head, inputs=inputs)
        run = engine.rehearse(self.world, self.expressions, workflow, event)
        print(run.log())
        return run

    def choose(self, model: str, **how) -> engine.Run:
        """Merge a commit that chooses a model, with its lock, and deploy it."""
        self.merge(model)
        return self.deploy(**how)

    def merge(self, model: str) -> None:
        """Merge a commit that chooses a model, with its lock."""
        (self.desk.path / "seed.txt").write_text(f"{model}\n")
        self.desk.run("dvc", "repro")
        self.send(f"Choose {model}")

    def push(self, message: str, **how) -> engine.Run:
        self.send(message)
        return self.deploy(**how)

    def send(self, message: str) -> None:
        self.desk.commit(message)
        self.desk.run("git", "push", "--quiet", "origin", "main", LOCK_TOKEN="setup")

    def signatures(self) -> int:
        path = self.world.root / "attestations"
        return len(path.read_text().splitlines()) if path.exists() else 0


@pytest.fixture
def main(world, desk, expressions):
    return Main(world, desk, expressions)


def record(run: engine.Run, environment: str) -> list[dict]:
    """Return the deployment record that the run kept."""
    kept = run.world.artifacts[run.id][f"record-{environment}"]["record.jsonl"]
    return [json.loads(line) for line in kept.decode().splitlines()]


def log_of(run: engine.Run, job: str) -> str:
    return "\n".join(run.jobs[job].log)


FIRST = ["planned", "started", "promoted"]
JUDGED = ["planned", "started", "routed", "judged", "promoted"]


def test_a_merge_is_built_signed_deployed_and_the_next_one_is_judged_beside_it(main, world):
    first = main.deploy()
    assert first.results() == ALL_WELL
    assert "no baseline, so no canary" in log_of(first, "staging")
    assert main.signatures() == 2  # who built it, and what is in it

    second = main.choose("second")
    assert second.results() == ALL_WELL
    for environment in ("staging", "production"):
        log = log_of(second, environment)
        assert "verified https://cyclonedx.org/bom" in log
        assert "verdict: promote" in log
        assert "20 of 20 requests were answered" in log
        assert [entry["event"] for entry in record(second, environment)] == [*FIRST, *JUDGED]
    assert main.signatures() == 4

    # The same content in another commit; and a private repository neither signs nor asks.
    world.variables["ATTEST"] = "false"
    (main.desk.path / "NOTES.md").write_text("Nothing of this goes into the image.\n")
    third = main.push("Write a note")
    assert third.results() == ALL_WELL
    assert "is there: nothing is built" in log_of(third, "image")
    assert "make ci-verify-image: skipped" in log_of(third, "staging")
    assert main.signatures() == 4


def test_a_canary_that_predicts_otherwise_stops_at_staging_and_its_revert_builds_nothing(main):
    main.deploy()
    bad = main.choose("wrong")
    assert bad.results() == {**ALL_WELL, "staging": "failure", "production": "skipped"}
    assert record(bad, "staging")[-1]["event"] == "rolled back"
    assert "predictions" in log_of(bad, "staging")

    main.desk.git("revert", "--no-edit", "HEAD")
    main.desk.run("git", "push", "--quiet", "origin", "main", LOCK_TOKEN="setup")
    back = main.deploy()
    assert back.results() == ALL_WELL
    assert "is there: nothing is built" in log_of(back, "image")
    assert "Stage 'train' didn't change" in log_of(back, "reproduce")


def test_a_model_that_was_altered_between_two_jobs_is_never_deployed(main):
    def alter(job: str, run: engine.Run) -> None:
        if job == "staging":
            run.world.artifacts[run.id]["model"]["models/model.onnx"] = b"altered"

    run = main.deploy(before_job=alter)
    assert run.results() == {**ALL_WELL, "staging": "failure", "production": "skipped"}
    assert "identity chain breaks at bundle file model.onnx" in log_of(run, "staging")
    assert "exit code 2" in log_of(run, "staging")


def test_an_image_that_nobody_vouches_for_is_never_deployed(main):
    def forget(job: str, run: engine.Run) -> None:
        if job == "staging":
            (run.world.root / "attestations").unlink()

    run = main.deploy(before_job=forget)
    assert run.results() == {**ALL_WELL, "staging": "failure", "production": "skipped"}
    assert "nobody vouches for ghcr.io/owner/name@sha256:" in log_of(run, "staging")
    assert "make ci-deploy: skipped" in log_of(run, "staging")


def test_a_rollback_with_nothing_configured_deploys_two_releases_and_gives_the_first_back(main):
    main.deploy()
    former = main.desk.git("rev-parse", "HEAD")
    main.merge("second")
    run = main.roll_back()
    assert run.results() == {"rollback": "success"}
    log = log_of(run, "rollback")
    assert "verdict: promote" in log
    assert f"production serves {former[:8]}-" in log
    assert "20 of 20 requests were answered" in log
    assert log.count("production is stopped") == 1
    kept = record(run, "production")
    assert [entry["event"] for entry in kept] == [*FIRST, *JUDGED, *FIRST]
    assert kept[-1]["kind"] == "rollback"
    assert kept[-1]["commit"] == former

    unknown = main.roll_back(to="0123abcd-0123abcd")
    assert unknown.results() == {"rollback": "failure"}
    assert "never served 0123abcd-0123abcd" in log_of(unknown, "rollback")
