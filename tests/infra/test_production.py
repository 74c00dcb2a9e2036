"""Production on a cloud on loopback, with the numbers of its own terraform.tfvars."""

import re
from fnmatch import fnmatch

import pytest
from infra.environment import NEW, STABLE
from infra.harness import BOOTSTRAP, ROOT, destroy, given, plain

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

# What moto calls a service -> what policies call it.
IN_POLICIES = {"elbv2": "elasticloadbalancing"}
# Policies know one word for these.
ONE_WORD = {
    "budgets:CreateBudget": "budgets:ModifyBudget",
    "budgets:CreateNotification": "budgets:ModifyBudget",
    "budgets:DeleteBudget": "budgets:ModifyBudget",
    "budgets:DescribeBudget": "budgets:ViewBudget",
    "budgets:DescribeNotificationsForBudget": "budgets:ViewBudget",
    "budgets:DescribeSubscribersForNotification": "budgets:ViewBudget",
}
# What an administrator and the tests ask for, and no deploy.
OF_OTHERS = re.compile(
    r"^(acm|ecr):|OpenIDConnect|iam:[A-Z][a-z]+Polic(y|ies|yVersions?)$|iam:ListPolicyTags"
)


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
    texts = [(ROOT / f"infra/bootstrap/policy_{name}.tf").read_text() for name in ("deploy", "plan")]
    allowed = set(re.findall(r'"([a-z0-9-]+:[A-Za-z*]+)"', "".join(texts)))
    asked = {in_policies(call) for call in production.cloud.calls if not OF_OTHERS.search(call)}
    assert len(asked) > 80  # a whole life; a list of none would be allowed too
    assert sorted(one for one in asked if not any(fnmatch(one, pattern) for pattern in allowed)) == []


def in_policies(call):
    service, _, action = call.partition(":")
    return ONE_WORD.get(call, f"{IN_POLICIES.get(service, service)}:{action}")
