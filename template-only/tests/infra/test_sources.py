"""Rules that every Terraform file keeps; needs no Terraform."""

import re

import pytest
from infra.harness import ROOT

INFRA = ROOT / "infra"
FILES = sorted(path for path in INFRA.rglob("*.tf") if ".terraform" not in path.parts)
BLOCK = re.compile(r'^(variable|output) "(\w+)" \{\n(.*?)^\}', re.M | re.S)
# infra/terraform and the deployment pass these: a value in a .tfvars would have no effect.
SET_BY_SCRIPTS = {"canary_image", "canary_weight_percent", "environment", "stable_image"}
VALUES = sorted((INFRA / "environment").glob("*.tfvars"))


def blocks(kind):
    for path in FILES:
        for found in BLOCK.finditer(path.read_text()):
            if found[1] == kind:
                yield path, found[2], found[3]


def test_every_variable_is_typed_and_described():
    found = list(blocks("variable"))
    assert len(found) > 50
    assert [name for _, name, body in found if "type " not in body or "description " not in body] == []


def test_every_output_is_described():
    found = list(blocks("output"))
    assert len(found) > 20
    assert [name for _, name, body in found if "description " not in body] == []


@pytest.mark.parametrize("kind", ["variable", "output"])
def test_variables_and_outputs_are_in_alphabetical_order(kind):
    order = {}
    for path, name, _ in blocks(kind):
        order.setdefault(path, []).append(name)
    assert [str(path) for path, names in order.items() if names != sorted(names)] == []


def test_every_validation_has_a_test_that_makes_it_fire():
    untested = []
    for path, name, body in blocks("variable"):
        tests = "".join(one.read_text() for one in (path.parent / "tests").glob("*.tftest.hcl"))
        if "validation {" in body and f"[var.{name}]" not in tests:
            untested.append(f"{path.parent.name}: {name}")
    assert untested == []


def test_numbers_carry_their_unit_in_their_name():
    units = ("count", "days", "keep", "milliseconds", "mib", "minute", "month", "percent", "seconds", "units")
    numbers = {name for _, name, body in blocks("variable") if re.search(r"type\s+= number", body)}
    assert [name for name in sorted(numbers) if not name.endswith(units)] == []


def test_environments_have_values():
    """The example has a staging and a production environment."""
    assert {"staging.tfvars", "production.tfvars"} <= {path.name for path in VALUES}


@pytest.mark.parametrize("path", VALUES, ids=lambda path: path.stem)
def test_values_have_a_variable(path):
    """A .tfvars sets variables of the root only: Terraform ignores a misspelt name with a warning."""
    variables = {name for file, name, _ in blocks("variable") if file.parent == path.parent}
    names = set(re.findall(r"^(\w+)\s*=", path.read_text(), re.M))
    assert names
    assert names <= variables - SET_BY_SCRIPTS


def test_no_file_is_long():
    assert [
        f"{path.name}: {count}" for path in FILES if (count := len(path.read_text().splitlines())) > 280
    ] == []


def test_nothing_in_the_configuration_knows_of_tests():
    words = re.compile(r"moto|localhost|127\.0\.0\.1|skip_credentials|endpoints \{|mock_", re.I)
    health = "http://127.0.0.1:${local.port}/healthz"  # the task asks itself
    assert [path.name for path in FILES if words.search(path.read_text().replace(health, ""))] == []
