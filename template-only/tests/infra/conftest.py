"""What every test of the infrastructure needs, or why it cannot run here."""

import os
import shutil
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace

import pytest
from infra import harness
from infra.environment import Environment


@pytest.fixture(scope="session")
def terraform():
    """Terraform, or a skip that says that it is missing."""
    if not shutil.which("terraform"):
        pytest.skip("there is no terraform on this machine")


@pytest.fixture(scope="session")
def provider(terraform, tmp_path_factory):  # noqa: ARG001 - it skips
    """A directory in which the provider was found once: a mirror, a cache or the network.

    Where CI is set, a provider that is not available is a failure.
    """
    infra = harness.copy_infra(tmp_path_factory.mktemp("provider") / "infra")
    registry = harness.Terraform(infra / "modules/registry")
    done = registry.init("-backend=false", check=False)
    if done.returncode:
        said = f"terraform cannot have its provider here: {harness.plain(done)[-200:]}"
        pytest.fail(said) if os.environ.get("CI") else pytest.skip(said)
    return infra


@pytest.fixture(scope="module")
def cloud(provider, tmp_path_factory):  # noqa: ARG001 - it skips
    """AWS on loopback, of this module alone."""
    with harness.running_cloud(tmp_path_factory.mktemp("cloud")) as running:
        yield running


@pytest.fixture(scope="session")
def account(provider, tmp_path_factory):  # noqa: ARG001 - it skips
    """An account with bootstrap and production, applied side by side: most of an apply is waiting."""
    directory = tmp_path_factory.mktemp("account")
    with harness.running_cloud(directory) as cloud:
        infra = harness.copy_infra(directory / "bootstrap")
        bootstrap = harness.Terraform(infra / "bootstrap", cloud.environment)
        bootstrap.init()
        production = Environment("production", directory, cloud)
        with ThreadPoolExecutor() as pool:
            applies = [pool.submit(bootstrap.apply, **harness.BOOTSTRAP), pool.submit(production.apply)]
            for apply in applies:
                apply.result()
        yield SimpleNamespace(cloud=cloud, bootstrap=bootstrap, production=production)
