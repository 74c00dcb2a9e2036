"""The local target: the switch loses no request, and every fault leaves stable serving."""

import pytest
from release.rig import LIMITS, Load, Project, double_command, stopped

from merge_lane.errors import ChainError, DeployError, InconclusiveError, PortInUseError, RolledBackError
from merge_lane.release.record import Record
from merge_lane.release.state import Step
from merge_lane.release.state_machine import Machine
from merge_lane.release.targets import net
from merge_lane.release.targets.local.target import LocalTarget


def target_of(project, **words):
    folder = project.root / "deployments/test"
    return LocalTarget(folder, project.root, **{"port": net.free_port(), "command": double_command} | words)


def machine_of(target):
    return Machine(target.folder, target, Record(target.folder / "record.jsonl"), LIMITS)


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    return Project(tmp_path_factory.mktemp("local") / "project")


@pytest.fixture(scope="module")
def environment(project):
    """One environment for all tests: each fault must leave it serving anyway."""
    target = target_of(project)
    with stopped(target):
        machine_of(target).deploy(project.release("stable"), by="ada")
        yield target


@pytest.fixture
def lane(environment):
    environment.command, environment.ready_seconds = double_command, 15
    return machine_of(environment)


def events(machine):
    return [entry["event"] for entry in machine.record.entries()]


def test_first_release_serves_at_once_and_is_recorded(lane):
    first = lane.record.entries()[:3]
    assert [entry["event"] for entry in first] == ["planned", "started", "promoted"]
    assert first[2]["former"] is None


def test_good_canary_takes_over_without_a_failed_request(lane, project):
    release = project.release("better")
    with Load(lane.target.address[1]) as load:
        lane.deploy(release, by="ada")
    assert lane.target.version()["model"] == release.model
    assert load.answers > 500
    assert load.failures == []


def deployed_under_load(lane, release, error):
    """Deploy what must fail, under load; stable must have the traffic before, during and after."""
    stable = lane.target.stable()
    with Load(lane.target.address[1]) as load, pytest.raises(error) as raised:
        lane.deploy(release, by="ada")
    assert lane.target.stable() == stable
    assert lane.target.version()["commit"].startswith(stable[:8])
    return load, raised.value


def test_canary_that_answers_500_is_rolled_back(lane, project):
    load, error = deployed_under_load(lane, project.release("bad", error_rate=0.3), RolledBackError)
    assert "errors" in error.what
    assert lane.record.last("rolled back")["error"] == "RolledBackError"
    assert all(lane.target.stable() not in failure for failure in load.failures)


def test_slow_canary_is_rolled_back_though_every_answer_is_right(lane, project):
    load, error = deployed_under_load(lane, project.release("slow", delay=0.08), RolledBackError)
    assert "p50" in error.what
    assert load.failures == []


def test_canary_that_predicts_otherwise_is_rolled_back_though_all_is_well_otherwise(lane, project):
    load, error = deployed_under_load(lane, project.release("odd", shift=0.5), RolledBackError)
    assert "predictions: PSI" in error.what
    assert load.failures == []


def test_canary_that_refuses_what_stable_takes_is_rolled_back(lane, project):
    _, error = deployed_under_load(lane, project.release("narrow", reject_rate=0.3), RolledBackError)
    assert "rejected" in error.what


def test_version_that_never_becomes_ready_gets_no_request(lane, project):
    lane.target.ready_seconds = 1
    load, error = deployed_under_load(lane, project.release("asleep", ready=False), DeployError)
    assert "never became ready" in error.what
    assert load.failures == []


def test_version_that_dies_at_start_is_given_up_at_once(lane, project):
    lane.target.command = lambda *_: ["/bin/sh", "-c", "echo no such model; exit 3"]
    _, error = deployed_under_load(lane, project.release("dead"), DeployError)
    assert "no such model" in error.what


def test_server_that_serves_another_model_is_refused(lane, project):
    load, error = deployed_under_load(lane, project.release("liar", says="f" * 64), ChainError)
    assert "/version model" in error.what
    assert load.failures == []


def test_model_file_altered_after_review_is_refused_before_anything_starts(lane, project):
    release = project.release("altered")
    (project.root / "models/model.onnx").write_text("another")
    load, error = deployed_under_load(lane, release, ChainError)
    assert "bundle file model.onnx" in error.what
    assert events(lane)[-2:] == ["planned", "refused"]
    assert load.failures == []


def test_manifest_of_another_model_is_refused(lane, project):
    release = project.release("mine").model_copy(update={"model": "e" * 64})
    _, error = deployed_under_load(lane, release, ChainError)
    assert "release manifest" in error.what


def test_canary_without_traffic_is_never_promoted(lane, project):
    release = project.release("unseen")
    lane.limits = LIMITS.model_copy(update={"max_seconds": 0.3})
    with pytest.raises(InconclusiveError):
        lane.deploy(release, by="ada")
    assert lane.target.stable() != release.id
    assert events(lane)[-3:] == ["extended", "judged", "rolled back"]


def test_canary_whose_predictions_cannot_be_read_is_never_promoted(lane, project):
    lane.limits = LIMITS.model_copy(update={"max_seconds": 0.7})
    deployed_under_load(lane, project.release("mute", mute=True), InconclusiveError)


def test_canary_that_dies_under_load_costs_no_request(lane, project):
    """A request that finds no connection goes to stable: nothing had been sent."""
    from merge_lane.release.targets.local import process

    def kill(step):
        if step is Step.ANALYSE:
            process.stop(lane.target.folder / "versions" / release.id, "server", 0.1)

    release, lane.before = project.release("mortal"), kill
    load, error = deployed_under_load(lane, release, RolledBackError)
    assert "errors" in error.what
    assert [failure for failure in load.failures if "502" not in failure] == []


def test_stranger_on_the_port_is_named_before_anything_is_served(tmp_path):
    import socket

    with socket.socket() as stranger:
        stranger.bind(("127.0.0.1", 0))
        stranger.listen()
        port = stranger.getsockname()[1]
        project = Project(tmp_path / "project")
        with stopped(target_of(project, port=port)) as target, pytest.raises(PortInUseError):
            machine_of(target).deploy(project.release(), by="ada")


def test_router_that_was_killed_comes_back_with_the_same_shares(lane):
    from merge_lane.release.targets.local import process

    process.stop(lane.target.folder, "router")
    assert lane.target.version() is None
    lane.target.restore()
    assert lane.target.version() is not None


class Killed(BaseException):
    """As good as a SIGKILL: nothing catches it, nothing is cleaned up."""


STEPS = [Step.PLAN, Step.START, Step.ROUTE, Step.ANALYSE, Step.TAKE_OVER, Step.RETIRE]


@pytest.mark.parametrize("hook", ["before", pytest.param("after", marks=pytest.mark.slow)])
def test_deployment_killed_at_every_step_goes_on_and_loses_no_request(lane, project, hook):
    """The process is killed around each step in turn; each time the same command goes on."""
    release = project.release("phoenix")
    deaths = []

    def die(step):
        if step in STEPS and (step, hook) not in deaths:
            deaths.append((step, hook))
            raise Killed

    setattr(lane, hook, die)
    with Load(lane.target.address[1]) as load:
        for _ in STEPS:
            with pytest.raises(Killed):
                lane.deploy(release, by="ada")
            assert lane.target.version() is not None
        lane.deploy(release, by="ada")
    assert [step for step, _ in deaths] == STEPS
    assert lane.target.version()["model"] == release.model
    assert load.failures == []
    assert [entry["release"] for entry in lane.record.entries() if entry["event"] == "promoted"].count(
        release.id
    ) == 1


@pytest.mark.parametrize("hook", ["before", pytest.param("after", marks=pytest.mark.slow)])
def test_rollback_killed_halfway_is_finished_with_the_same_error(lane, project, hook):
    release = project.release("odd", shift=0.5)

    def die(step):
        if step is Step.ROLL_BACK:
            raise Killed

    setattr(lane, hook, die)
    with Load(lane.target.address[1]) as load:
        with pytest.raises(Killed):
            lane.deploy(release, by="ada")
        setattr(lane, hook, lambda _step: None)
        with pytest.raises(RolledBackError, match="PSI"):
            lane.deploy(release, by="ada")
    assert load.failures == []


def test_interrupted_deployment_is_given_up_for_a_newer_release(lane, project):
    def die(step):
        if step is Step.ANALYSE:
            raise Killed

    lane.before = die
    with pytest.raises(Killed):
        lane.deploy(project.release("older"), by="ada")
    lane.before = lambda _step: None
    newer = project.release("newer")
    with Load(lane.target.address[1]) as load:
        lane.deploy(newer, by="ada")
    assert lane.target.stable() == newer.id
    assert "interrupted" in lane.record.last("rolled back")["what"]
    assert load.failures == []


def test_release_that_has_the_traffic_is_not_deployed_again_but_the_registry_hears_of_it(lane):
    from merge_lane.release.manifest import load

    before, heard = events(lane), []
    lane.mirror = lambda event, release: heard.append((event, release.id))
    serving = load(lane.target.folder / "versions" / lane.target.stable() / "release.json")
    lane.deploy(serving, by="ada")
    assert events(lane) == before
    assert heard == [("promoted", serving.id)]
