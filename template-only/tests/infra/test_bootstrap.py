"""What an administrator applies once: the state's bucket, the registry, and one role a purpose."""

import json
import re

import pytest
from infra import trust
from infra.harness import ACCOUNT, BOOTSTRAP, given, plain

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

PROVIDER = f"arn:aws:iam::{ACCOUNT}:oidc-provider/{trust.ISSUER}"
REPOSITORY = "repo:octo-org@1001/model@2002"
SUBJECTS = {
    "plan": [f"{REPOSITORY}:environment:plan", f"{REPOSITORY}:pull_request"],
    "image-push": [f"{REPOSITORY}:ref:refs/heads/main"],
    "deploy-staging": [f"{REPOSITORY}:environment:staging"],
    "deploy-production": [f"{REPOSITORY}:environment:production"],
}
STRANGERS = [
    "repo:octo-org/model:environment:production",  # the old form: somebody may have taken over the name
    "repo:octo-org@1001/model@2003:environment:production",  # deleted and created again
    "repo:octo-org@1002/model@2002:environment:production",
    "repo:evil@1001/model@2002:environment:production",
    "repo:octo-org@1001/model-evil@2002:environment:production",
    "repo:octo-org@1001/model@2002:environment:productions",
    "repo:octo-org@1001/model@2002:environment:Production",
    "repo:octo-org@1001/model@2002:environment:production:job_workflow_ref:x",
    "repo:octo-org@1001/model@2002:ref:refs/heads/mainline",
    "repo:octo-org@1001/model@2002:ref:refs/heads/feature",
    "repo:octo-org@1001/model@2002:ref:refs/tags/main",
    "repo:octo-org@1001/model@2002:environment:",
    "repo:octo-org@1001/model@2002:*",
    "repo:*",
    "*",
    "",
]


def claims(subject, **changes):
    return {"aud": "sts.amazonaws.com", "repository_id": "2002", "sub": subject, **changes}


@pytest.fixture(scope="module")
def bootstrap(account):
    return account.bootstrap


@pytest.fixture(scope="module")
def cloud(account):
    return account.cloud


@pytest.fixture(scope="module")
def policies(bootstrap, cloud):
    """Purpose -> trust policy, as AWS holds it."""
    iam = cloud.client("iam")
    names = {purpose: arn.rpartition("/")[2] for purpose, arn in bootstrap.outputs()["role_arns"].items()}
    return {
        purpose: iam.get_role(RoleName=name)["Role"]["AssumeRolePolicyDocument"]
        for purpose, name in names.items()
    }


def test_a_second_plan_changes_nothing(bootstrap):
    plan = ["plan", "-no-color", "-detailed-exitcode", *given(BOOTSTRAP)]
    done = bootstrap.run(*plan, check=False)
    assert done.returncode == 0, plain(done)


def test_there_is_one_role_for_each_purpose_and_no_other(policies):
    assert set(policies) == set(SUBJECTS)


@pytest.mark.parametrize("purpose", SUBJECTS)
def test_the_right_subjects_may_assume_the_role(policies, purpose):
    for subject in SUBJECTS[purpose]:
        assert trust.lets_in(policies[purpose], PROVIDER, claims(subject)), subject


@pytest.mark.parametrize("purpose", SUBJECTS)
def test_every_other_subject_is_kept_out(policies, purpose):
    others = [one for name, subjects in SUBJECTS.items() if name != purpose for one in subjects]
    for subject in [*others, *STRANGERS]:
        assert not trust.lets_in(policies[purpose], PROVIDER, claims(subject)), subject


@pytest.mark.parametrize("purpose", SUBJECTS)
@pytest.mark.parametrize(
    "changes", [{"aud": "https://github.com/octo-org"}, {"repository_id": "2003"}, {"aud": ""}]
)
def test_the_right_subject_with_another_audience_or_repository_is_kept_out(policies, purpose, changes):
    assert not trust.lets_in(policies[purpose], PROVIDER, claims(SUBJECTS[purpose][0], **changes))


def test_a_token_of_another_provider_is_kept_out(policies):
    assert not trust.lets_in(policies["plan"], f"{PROVIDER}.evil", claims(SUBJECTS["plan"][0]))


def test_a_wildcard_in_a_trust_policy_would_be_found(policies):
    """The reader itself refuses what it cannot vouch for."""
    loose = json.loads(json.dumps(policies["plan"]).replace("StringEquals", "StringLike"))
    with pytest.raises(ValueError, match="StringEquals only"):
        trust.lets_in(loose, PROVIDER, claims("repo:octo-org@1001/anything"))


@pytest.fixture(scope="module")
def statements(policies, cloud):
    """Purpose -> what its role may do."""
    iam = cloud.client("iam")
    documents = {}
    for purpose in policies:
        role = f"merge-lane-{purpose}"
        documents[purpose] = iam.get_role_policy(RoleName=role, PolicyName=purpose)
    return {purpose: one["PolicyDocument"]["Statement"] for purpose, one in documents.items()}


def actions(statements):
    return [action for one in statements for action in one["Action"]]


def test_the_plan_role_can_change_nothing(statements):
    harmless = re.compile(r"^[a-z0-9-]+:(Describe|Get|List|View)|^kms:Decrypt$")
    assert [one for one in actions(statements["plan"]) if not harmless.match(one)] == []


@pytest.mark.parametrize("purpose", SUBJECTS)
def test_no_role_reads_secrets_or_makes_users_or_hands_out_everything(statements, purpose):
    forbidden = re.compile(r"^\*|:\*$|secretsmanager|ssm:|iam:(CreateUser|CreateAccessKey|AttachRolePolicy)")
    assert [one for one in actions(statements[purpose]) if forbidden.search(one)] == []


def test_a_deploy_role_makes_roles_only_inside_the_boundary(bootstrap, statements):
    making = [one for one in statements["deploy-staging"] if "iam:CreateRole" in one["Action"]]
    boundary = bootstrap.outputs()["permissions_boundary_arn"]
    assert [one["Condition"]["StringEquals"]["iam:PermissionsBoundary"] for one in making] == [boundary]


def test_a_deploy_role_writes_the_state_and_the_record_of_its_own_environment_only(statements):
    writing = [one for one in statements["deploy-staging"] if "s3:PutObject" in one["Action"]]
    written = {resource.partition("/")[2] for one in writing for resource in one["Resource"]}
    assert written == {
        "environments/staging.tfstate",
        "environments/staging.tfstate.tflock",
        "deployments/staging/*",
    }


def test_a_deploy_role_may_do_what_the_state_machine_asks_of_aws_beside_terraform(statements):
    """The load balancer's groups, what it counted, the record in the bucket, the labels of the image."""
    wanted = {
        "cloudwatch:GetMetricData",
        "ecr:BatchGetImage",
        "ecr:GetAuthorizationToken",
        "ecr:GetDownloadUrlForLayer",
        "elasticloadbalancing:Describe*",
        "s3:GetObject",
        "s3:PutObject",
    }
    for environment in ("staging", "production"):
        assert wanted <= set(actions(statements[f"deploy-{environment}"]))
