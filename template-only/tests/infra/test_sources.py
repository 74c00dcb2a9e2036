"""Rules that every Terraform file keeps; needs no Terraform."""

import re

import pytest
from infra.harness import ROOT

INFRA = ROOT / "infra"
FILES = sorted(path for path in INFRA.rglob("*.tf") if ".terraform" not in path.parts)
BLOCK = re.compile(r'^(variable|output) "(\w+)" \{\n(.*?)^\}', re.M | re.S)
TWINS = sorted(
    path.name for path in (INFRA / "environments/staging").iterdir() if path.suffix in {".tf", ".hcl"}
)


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


@pytest.mark.parametrize("name", TWINS)
def test_staging_and_production_differ_in_their_names_and_numbers_only(name):
    staging, production = (
        (INFRA / "environments" / one / name).read_text() for one in ("staging", "production")
    )
    assert staging.replace("staging", "production") == production


def test_no_file_is_long():
    assert [
        f"{path.name}: {count}" for path in FILES if (count := len(path.read_text().splitlines())) > 280
    ] == []


def test_nothing_in_the_configuration_knows_of_tests():
    words = re.compile(r"moto|localhost|127\.0\.0\.1|skip_credentials|endpoints \{|mock_", re.I)
    health = "http://127.0.0.1:${local.port}/healthz"  # the task asks itself
    assert [path.name for path in FILES if words.search(path.read_text().replace(health, ""))] == []
