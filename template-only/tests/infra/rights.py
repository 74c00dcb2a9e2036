"""What the role of a deploy may do, read from its policy, against what was asked of the cloud."""

from __future__ import annotations

import re
from fnmatch import fnmatch

from infra.harness import ROOT

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


def lacking(calls: list[str]) -> list[str]:
    """Return those of the calls, as moto names them, that the deploy role's policies do not name."""
    texts = [(ROOT / f"infra/bootstrap/policy_{name}.tf").read_text() for name in ("deploy", "plan")]
    allowed = set(re.findall(r'"([a-z0-9-]+:[A-Za-z*]+)"', "".join(texts)))
    asked = {in_policies(call) for call in calls if not OF_OTHERS.search(call)}
    return sorted(one for one in asked if not any(fnmatch(one, pattern) for pattern in allowed))


def in_policies(call: str) -> str:
    """Return the word of policies for a call."""
    service, _, action = call.partition(":")
    return ONE_WORD.get(call, f"{IN_POLICIES.get(service, service)}:{action}")
