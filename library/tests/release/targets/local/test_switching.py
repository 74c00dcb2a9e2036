"""No request is lost while versions come and go: with stand-in servers many times, with the real one once."""

import json
import math
import shutil
from pathlib import Path

import made_up
import pytest
from production.serve.conftest import project_directory  # noqa: F401 - a fixture
from release.rig import LIMITS, TOY, Load, double_command, stopped

from merge_lane.model import bundle
from merge_lane.release.environment import Environment
from merge_lane.release.replay import Replay
from merge_lane.release.state_machine import Machine
from merge_lane.release.targets import net
from merge_lane.release.targets.local.target import LocalTarget, serve_command

LIBRARY = Path(__file__).parents[5] / "library/src"


def lane_of(project, command, limits=LIMITS):
    target = LocalTarget(
        project.root / "deployments/test", project.root, port=net.free_port(), command=command
    )
    environment = Environment("test", project.root, target)
    return environment, Machine(environment.folder, target, environment.record, limits)


@pytest.mark.slow
def test_ten_deploys_and_two_rollbacks_under_constant_load_lose_no_request(project, capsys):
    environment, machine = lane_of(project, double_command)
    with stopped(environment.target):
        machine.deploy(project.release("0"), by="ada")
        with Load(environment.target.address[1], clients=4) as load:
            for number in range(1, 11):
                machine.deploy(project.release(str(number)), by="ada")
                if number in (5, 10):
                    machine.deploy(environment.previous(), by="ada", direct=True, kind="rollback")
        promoted = [entry["kind"] for entry in environment.record.entries() if entry["event"] == "promoted"]
    with capsys.disabled():
        print(f"\nten deploys, two rollbacks: {load.answers} requests, {len(load.failures)} failed")
    assert promoted.count("deploy") == 11
    assert promoted.count("rollback") == 2
    assert load.answers > 3000
    assert load.failures == []


def requests_of(directory):
    """Return made-up requests that keep to the contract."""
    request = bundle.load(directory).schema.request
    arrays = made_up.arrays(request, 200, seed=11)
    columns = {column.name: plain(column, arrays[column.name]) for column in request}
    rows = [dict(zip(columns, values, strict=True)) for values in zip(*columns.values(), strict=True)]
    return [json.dumps({"rows": [row]}).encode() for row in rows]


def missing(value):
    return value is None or (isinstance(value, float) and math.isnan(value))


def plain(column, values):
    """Return values as JSON has them; what is missing is null."""
    kinds = {"int": int, "bool": bool, "datetime": lambda time: time.isoformat()}
    cast = kinds.get(column.dtype, lambda value: value)
    return [None if missing(value) else cast(value) for value in values.tolist()]


@pytest.mark.slow
def test_real_server_is_deployed_judged_and_rolled_back_with_its_code_and_no_lost_request(
    project,
    project_directory,  # noqa: F811 - the fixture
):
    limits = LIMITS.model_copy(update={"min_requests": 400, "max_seconds": 60})
    environment, machine = lane_of(project, serve_command, limits)
    with stopped(environment.target):
        plain = shutil.ignore_patterns("__pycache__", "*.egg-info")
        shutil.copytree(LIBRARY, project.root / "library/src", ignore=plain)
        shutil.copy(TOY.with_name("toy.py"), project.root / "src")  # features.py imports it
        first = project.adopt(project_directory)
        machine.deploy(first, by="ada")
        with Replay(environment.target.url, requests_of(project_directory)) as traffic:
            package = project.root / "library/src/merge_lane"
            (package / "version.py").write_text('"""Newer."""\n\n__version__ = "9.9"\n')
            second = project.adopt(project_directory)
            machine.deploy(second, by="ada")
            assert environment.target.version()["commit"] == second.commit
            assert environment.target.version()["version"] == "9.9"
            machine.deploy(environment.previous(), by="ada", direct=True, kind="rollback")
        assert environment.target.version()["commit"] == first.commit
        assert environment.target.version()["version"] != "9.9"
        assert traffic.statuses.keys() == {200}
        assert traffic.statuses[200] > 2000
        judged = environment.record.last("judged")
    assert all(finding["bad"] is False for finding in judged["findings"])
