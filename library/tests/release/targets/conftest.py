"""The cloud on loopback and Terraform with its provider, as the tests of the infrastructure have them."""

from infra.conftest import cloud, provider, terraform  # noqa: F401 - fixtures
