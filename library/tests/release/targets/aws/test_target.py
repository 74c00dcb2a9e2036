"""The aws target: one apply per move, stable untouched by every fault."""

import time

import pytest
from release.cloud import Cloud
from release.rig import LIMITS

from merge_lane.errors import BusyError, ChainError, DeployError, ReleaseError, RolledBackError
from merge_lane.release.environment import Environment
from merge_lane.release.replay import Probe
from merge_lane.release.state import Step
from merge_lane.release.state_machine import Machine
from merge_lane.release.targets.aws.target import AwsTarget


@pytest.fixture(autouse=True)
def fast(monkeypatch):
    monkeypatch.setattr(Probe, "pause", 0.0)
    monkeypatch.setattr("merge_lane.release.targets.aws.target.REFRESH_SECONDS", 0.1)


@pytest.fixture
def cloud(project):
    cloud = Cloud(project.root)
    yield cloud
    cloud.close()


@pytest.fixture
def empty(project, cloud):
    """An environment in which nothing was deployed yet."""
    folder = project.root / "deployments/production"
    target = AwsTarget(
        folder, project.root, cloud.url, lambda: [b"{}"], cloud.count, "registry/lane", cloud.label
    )
    environment = Environment("production", project.root, target)
    limits = LIMITS.model_copy(update={"share": 0.5, "min_predictions": 50})
    return Machine(folder, target, environment.record, limits, sleep=lambda _: time.sleep(0.05))


@pytest.fixture
def lane(empty, project, cloud):
    """An environment that serves release a."""
    empty.deploy(imaged(project, cloud, "a"), by="ada")
    return empty


def imaged(project, cloud, letter, **behaviour):
    release = project.release(letter).model_copy(update={"image": "sha256:" + letter * 64})
    cloud.add(release, **behaviour)
    return release


def test_first_release_of_all_becomes_stable_at_once(lane, cloud):
    assert cloud.applies() == [("a", None, 0)]
    assert [entry["event"] for entry in lane.record.entries()] == ["planned", "started", "promoted"]


def test_first_deployment_that_failed_is_followed_by_a_first_one(empty, cloud, project):
    """Terraform's outputs name an image that never served: there is nothing to be a canary beside."""
    cloud.break_apply("stable_image", "Error: ECS service did not reach a steady state")
    with pytest.raises(DeployError, match="steady state"):
        empty.deploy(imaged(project, cloud, "a"), by="ada")
    cloud.heal()
    empty.deploy(imaged(project, cloud, "b"), by="ada")
    assert cloud.applies() == [("a", None, 0), ("b", None, 0)]


def test_good_canary_moves_by_weight_then_stable_rolls_then_the_canary_goes(lane, cloud, project):
    release = imaged(project, cloud, "b")
    lane.deploy(release, by="ada")
    assert cloud.applies()[1:] == [("a", "b", 0), ("a", "b", 50), ("b", "b", 50), ("b", None, 0)]
    assert lane.target.stable() == release.id


@pytest.mark.parametrize(
    ("behaviour", "said"),
    [({"errors": 0.2}, "errors"), ({"shift": 0.5}, "predictions")],
    ids=["answers 500", "predicts otherwise"],
)
def test_bad_canary_is_taken_away_and_stable_keeps_its_image(lane, cloud, project, behaviour, said):
    with pytest.raises(RolledBackError, match=said):
        lane.deploy(imaged(project, cloud, "b", **behaviour), by="ada")
    assert cloud.applies()[1:] == [("a", "b", 0), ("a", "b", 50), ("a", None, 0)]


def test_image_that_serves_another_model_never_gets_traffic(lane, cloud, project):
    with pytest.raises(ChainError, match="/version model"):
        lane.deploy(imaged(project, cloud, "b", says="f" * 64), by="ada")
    assert max(weight for _, _, weight in cloud.applies()) == 0
    assert cloud.state()["canary_image"] is None


def test_version_that_never_gets_steady_fails_its_apply_and_gets_no_traffic(lane, cloud, project):
    cloud.break_apply("canary_image", "Error: ECS service did not reach a steady state")
    with pytest.raises(DeployError, match="steady state"):
        lane.deploy(imaged(project, cloud, "b"), by="ada")
    assert cloud.state()["traffic_weights_percent"]["canary"] == 0
    assert "steady state" in lane.record.last("rolled back")["what"]


def test_apply_that_fails_while_stable_rolls_gives_stable_its_former_image_back(lane, cloud, project):
    cloud.break_apply("stable_image=registry/lane@sha256:b", "Error: deployment circuit breaker")
    with pytest.raises(DeployError, match="circuit breaker"):
        lane.deploy(imaged(project, cloud, "b"), by="ada")
    assert cloud.applies()[-1] == ("a", None, 0)
    assert lane.target.version()["image"] == "sha256:" + "a" * 64


def test_stale_lock_is_named_with_the_way_to_free_it(lane, cloud, project):
    said = "Error: Error acquiring the state lock\nLock Info:\n  ID:        1f2e-77\n  Path: x\n"
    cloud.break_apply("-var", said)
    release = imaged(project, cloud, "b")
    with pytest.raises(BusyError, match="locked by 1f2e-77") as raised:
        lane.deploy(release, by="ada")
    assert "force-unlock 1f2e-77" in raised.value.next
    assert "locked by 1f2e-77" in lane.record.last("held up")["what"]
    with pytest.raises(BusyError):
        lane.deploy(imaged(project, cloud, "c"), by="ada")
    assert lane.record.last("planned")["release"] == release.id
    cloud.heal()
    lane.deploy(release, by="ada")
    assert lane.target.stable() == release.id


def test_state_is_saved_after_every_apply_failed_ones_too(lane, cloud, project):
    cloud.break_apply("canary_weight_percent=50", "Error: failed to write state")
    with pytest.raises(DeployError):
        lane.deploy(imaged(project, cloud, "b"), by="ada")
    assert cloud.saves() == len(cloud.applies())


def test_release_without_an_image_is_refused_before_anything_is_applied(lane, cloud, project):
    with pytest.raises(DeployError, match="names no image"):
        lane.deploy(project.release("b"), by="ada")
    assert len(cloud.applies()) == 1
    assert lane.record.last("refused")


@pytest.mark.parametrize("label", ["f" * 64, None], ids=["of another model", "missing"])
def test_image_with_a_wrong_label_is_refused_before_anything_is_applied(lane, cloud, project, label):
    release = imaged(project, cloud, "b")
    cloud.labels[release.image] = label
    with pytest.raises(ChainError, match="breaks at image label"):
        lane.deploy(release, by="ada")
    assert len(cloud.applies()) == 1
    assert lane.record.last("refused")["release"] == release.id


def links(lane, project):
    environment = Environment("production", project.root, lane.target)
    return {link.name: link for link in environment.links(lambda: None)}


def test_label_of_what_is_deployed_is_a_link_of_the_chain(lane, cloud, project):
    assert links(lane, project)["image label"].actual == lane.target.version()["model"]
    cloud.labels[lane.record.last("planned")["manifest"]["image"]] = "f" * 64
    assert links(lane, project)["image label"].broken


def test_without_an_engine_the_label_is_not_asked(lane, project):
    def no_engine(_):
        raise ReleaseError("There is no docker on this machine.")

    lane.target.label = no_engine
    link = links(lane, project)["image label"]
    assert (link.actual, link.broken) == (None, False)


def test_release_that_is_refused_leaves_alone_what_serves(lane, cloud, project):
    """Not the release before it is brought back, which the last deployment would have gone back to."""
    lane.deploy(imaged(project, cloud, "b"), by="ada")
    applied = cloud.applies()
    with pytest.raises(ChainError):
        lane.deploy(imaged(project, cloud, "c").model_copy(update={"model": "f" * 64}), by="ada")
    assert cloud.applies() == applied


def test_commit_that_changes_nothing_in_the_image_is_promoted_without_an_apply(lane, cloud, project):
    image = lane.record.last("planned")["manifest"]["image"]
    release = project.commit("only words").model_copy(update={"image": image})
    cloud.add(release)
    lane.deploy(release, by="ada")
    assert len(cloud.applies()) == 1
    assert lane.record.last("promoted")["release"] == lane.target.stable() == release.id


class Killed(BaseException):
    """As good as a SIGKILL."""


@pytest.mark.slow
@pytest.mark.parametrize("hook", ["before", "after"])
def test_deployment_killed_at_every_step_goes_on(lane, cloud, project, hook):
    release = imaged(project, cloud, "b")
    steps = [Step.PLAN, Step.START, Step.ROUTE, Step.ANALYSE, Step.TAKE_OVER, Step.RETIRE]
    left = list(steps)

    def die(step):
        if step in left:
            left.remove(step)
            raise Killed

    setattr(lane, hook, die)
    for _ in steps:
        with pytest.raises(Killed):
            lane.deploy(release, by="ada")
    lane.deploy(release, by="ada")
    assert cloud.state()["stable_image"].endswith("b")
    applied = list(dict.fromkeys(cloud.applies()[1:]))  # one more of the same changes nothing
    assert applied == [("a", "b", 0), ("a", "b", 50), ("b", "b", 50), ("b", None, 0)]


def test_rollback_gives_the_former_image_back_by_one_apply(lane, cloud, project):
    lane.deploy(imaged(project, cloud, "b"), by="ada")
    previous = Environment("production", project.root, lane.target).previous()
    applied = len(cloud.applies())
    lane.deploy(previous, by="ada", direct=True, kind="rollback")
    assert cloud.applies()[applied:] == [("a", None, 0)]
    assert lane.target.version()["image"] == "sha256:" + "a" * 64


def test_rollback_that_ecs_gives_up_leaves_the_version_that_serves(lane, cloud, project):
    lane.deploy(imaged(project, cloud, "b"), by="ada")
    previous = Environment("production", project.root, lane.target).previous()
    cloud.break_apply("stable_image=registry/lane@sha256:a", "Error: deployment circuit breaker")
    with pytest.raises(DeployError, match="circuit breaker"):
        lane.deploy(previous, by="ada", direct=True, kind="rollback")
    assert cloud.applies()[-1] == ("b", None, 0)
    assert lane.target.version()["image"] == "sha256:" + "b" * 64
