"""A GitHub on loopback, and a certificate for it."""

import pytest
from forge.github.hub import FakeGitHub, make_certificate


@pytest.fixture(scope="session")
def certificate(tmp_path_factory):
    return make_certificate(tmp_path_factory.mktemp("tls"))


@pytest.fixture
def github(certificate):
    hub = FakeGitHub(certificate)
    yield hub
    hub.close()
