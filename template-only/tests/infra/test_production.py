"""Production on a cloud on loopback, with the numbers of production.tfvars."""

import pytest
from infra import rights
from infra.environment import NEW, STABLE
from infra.harness import BOOTSTRAP, destroy, given, plain

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]


@pytest.fixture(scope="module")
def production(account):
    return account.production


def test_a_second_plan_changes_nothing(production):
    plan = ["plan", "-no-color", "-detailed-exitcode", *given(production.settings)]
    done = production.terraform.run(*plan, check=False)
    assert done.returncode == 0, plain(done)


def test_the_default_security_group_lets_nothing_through(production):
    groups = production.cloud.client("ec2").describe_security_groups()["SecurityGroups"]
    (vpc,) = {one["VpcId"] for one in groups if one["GroupName"].endswith("-tasks")}
    (default,) = [one for one in groups if one["GroupName"] == "default" and one["VpcId"] == vpc]
    assert default["IpPermissions"] == default["IpPermissionsEgress"] == []


def test_the_tasks_have_no_way_to_the_internet(production):
    ec2 = production.cloud.client("ec2")
    tables = ec2.describe_route_tables()["RouteTables"]
    private = [one for one in tables if any(tag["Value"].endswith("-private") for tag in one["Tags"])]
    assert private
    gateways = [route.get("GatewayId", "") for one in private for route in one["Routes"]]
    assert [one for one in gateways if one.startswith(("igw-", "nat-"))] == []


def test_a_canary_takes_a_share_and_becomes_stable(production):
    production.apply(canary_image=NEW, canary_weight_percent=10)
    assert production.weights() == {"stable": 90, "canary": 10}
    assert production.services() == {"stable": STABLE, "canary": NEW}
    production.apply(stable_image=NEW)
    assert production.weights() == {"stable": 100, "canary": 0}
    assert production.services() == {"stable": NEW}


def test_destroy_leaves_nothing(account):
    account.production.destroy()
    destroy(account.bootstrap, account.cloud, BOOTSTRAP)
    assert account.cloud.client("s3").list_buckets()["Buckets"] == []


def test_the_deploy_role_may_do_all_that_a_whole_life_asked_of_aws(production):
    assert len(set(production.cloud.calls)) > 80  # a whole life; a list of none would be allowed too
    assert rights.lacking(production.cloud.calls) == []
