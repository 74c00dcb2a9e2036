"""The life of staging on a cloud on loopback: applied, changed, broken, destroyed."""

import pytest
from infra.environment import NEW, STABLE, Environment
from infra.harness import given, image, plain

pytestmark = [pytest.mark.slow, pytest.mark.timeout(420)]


@pytest.fixture(scope="module")
def staging(cloud, tmp_path_factory):
    environment = Environment("staging", tmp_path_factory.mktemp("staging"), cloud)
    environment.apply()
    return environment


def test_a_second_plan_changes_nothing(staging):
    done = staging.terraform.run(
        "plan", "-no-color", "-detailed-exitcode", *given(staging.settings), check=False
    )
    assert done.returncode == 0, plain(done)


def test_the_canary_takes_the_share_that_it_is_given(staging):
    assert staging.weights() == {"stable": 100, "canary": 0}
    assert staging.services() == {"stable": STABLE}
    for weight in (0, 10, 100, 0):
        staging.apply(canary_image=NEW, canary_weight_percent=weight)
        assert staging.weights() == {"stable": 100 - weight, "canary": weight}
        assert staging.services() == {"stable": STABLE, "canary": NEW}


def test_a_version_that_the_circuit_breaker_rolled_back_fails_the_apply_and_moves_no_traffic(staging):
    said = staging.apply(check=False, stable_image=image("bad0"), canary_image=NEW, canary_weight_percent=10)
    assert "ECS gave up on this version" in said
    assert staging.weights() == {"stable": 100, "canary": 0}
    assert staging.services() == {"stable": STABLE, "canary": NEW}


def test_traffic_leaves_the_canary_before_the_canary_is_stopped(staging):
    staging.apply(canary_image=NEW, canary_weight_percent=10)
    before = len(staging.cloud.calls)
    staging.apply()
    calls = staging.cloud.calls[before:]
    assert calls.index("elbv2:ModifyRule") < calls.index("ecs:DeleteService")
    assert staging.weights() == {"stable": 100, "canary": 0}
    assert staging.services() == {"stable": STABLE}


def test_a_canary_that_never_starts_fails_the_apply_and_moves_no_traffic(staging):
    before = len(staging.cloud.calls)
    said = staging.apply(check=False, canary_image=image("dead"), canary_weight_percent=10)
    assert "Error" in said
    assert "elbv2:ModifyRule" not in staging.cloud.calls[before:]
    assert staging.weights() == {"stable": 100, "canary": 0}
    assert staging.services()["stable"] == STABLE


def test_destroy_leaves_nothing(staging):
    staging.destroy()
    assert staging.cloud.client("elbv2").describe_load_balancers()["LoadBalancers"] == []
