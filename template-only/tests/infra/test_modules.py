"""Format, validity and own tests of every piece of Terraform."""

import re

import pytest
from infra.harness import MODULES, ROOT, ROOTS, Terraform, plain

pytestmark = pytest.mark.slow

TESTED = [*(f"modules/{name}" for name in MODULES), *ROOTS]


@pytest.fixture(scope="session")
def ready(provider):
    """Return Terraform in a directory of infra/, initialised without its backend."""

    def initialised(name):
        terraform = Terraform(provider / name)
        terraform.init("-backend=false")
        return terraform

    return initialised


def test_every_file_is_formatted(terraform):  # noqa: ARG001 - it skips
    done = Terraform(ROOT / "infra").run("fmt", "-check", "-recursive", "-diff", "-no-color", check=False)
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("name", ROOTS)
def test_what_is_applied_is_valid(ready, name):
    assert "Success!" in ready(name).run("validate", "-no-color").stdout


@pytest.mark.parametrize("name", TESTED)
def test_its_own_tests_pass(ready, name):
    done = ready(name).run("test", "-no-color", check=False)
    assert done.returncode == 0, plain(done)
    passed, failed = re.search(r"(\d+) passed, (\d+) failed", done.stdout).groups()
    assert int(passed) > 0
    assert int(failed) == 0


def test_a_public_bucket_fails_the_modules_own_tests(ready):
    said = with_change(
        ready("modules/storage"),
        "buckets.tf",
        "block_public_policy     = true",
        "block_public_policy     = false",
    )
    assert "A bucket can be made public." in said


def test_a_wildcard_in_a_trust_policy_fails_the_modules_own_tests(ready):
    said = with_change(ready("bootstrap"), "roles.tf", ":environment:${name}", ":*")
    assert "A trust policy lets in more than one subject." in said


def test_waiting_no_more_for_a_steady_state_fails_the_modules_own_tests(ready):
    steady = "wait_for_steady_state              = true"
    said = with_change(ready("modules/service"), "services.tf", steady, steady.replace("true", "false"))
    assert "A version that does not start would take the traffic." in said


def with_change(terraform, file, before, after):
    """Return what the module's tests say of it after a change, which is taken back."""
    path = terraform.directory / file
    text = path.read_text()
    assert before in text
    path.write_text(text.replace(before, after))
    try:
        done = terraform.run("test", "-no-color", check=False)
    finally:
        path.write_text(text)
    assert done.returncode == 1
    return plain(done)
