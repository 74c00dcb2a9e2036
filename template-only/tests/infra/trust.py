"""Reads a trust policy as AWS does: may a token with these claims assume the role?"""

from __future__ import annotations

from typing import Any

ISSUER = "token.actions.githubusercontent.com"


def lets_in(policy: dict[str, Any], provider: str, claims: dict[str, str]) -> bool:
    """Say whether any statement lets the claims in. Raises ValueError for what this reader does not know."""
    return any(_statement_lets_in(one, provider, claims) for one in policy["Statement"])


def _statement_lets_in(statement: dict[str, Any], provider: str, claims: dict[str, str]) -> bool:
    known = {"Effect", "Action", "Principal", "Condition", "Sid"}
    if set(statement) - known or set(statement["Condition"]) != {"StringEquals"}:
        raise ValueError(f"this reader knows allowing by StringEquals only: {statement}")
    if statement["Effect"] != "Allow" or statement["Action"] != "sts:AssumeRoleWithWebIdentity":
        raise ValueError(f"this reader knows allowing a web identity only: {statement}")
    if statement["Principal"] != {"Federated": provider}:
        return False
    wanted = statement["Condition"]["StringEquals"]
    return all(claims.get(_claim(key)) in _listed(values) for key, values in wanted.items())


def _claim(key: str) -> str:
    issuer, _, claim = key.rpartition(":")
    if issuer != ISSUER:
        raise ValueError(f"a condition on another issuer: {key}")
    return claim


def _listed(values: str | list[str]) -> list[str]:
    return [values] if isinstance(values, str) else values
