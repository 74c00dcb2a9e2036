"""One clone of the live tree, and projects made of it, for all tests of the template."""

import shutil

import pytest
from template import baking
from template.environments import prepared


@pytest.fixture(scope="session")
def live(tmp_path_factory):
    """A clone of the live tree. Read only."""
    target = tmp_path_factory.mktemp("live") / "flight-board"
    target.mkdir()
    return baking.live_copy(target)


RENAMED = {
    "short": {"project_name": "Ab", "owner": "x", "description": "Small"},
    "longest": {"project_name": "Parcel Delay Forecast 24x7 Abc", "description": "It's late: # 1 & only"},
    "unicode": {
        "project_name": "Zürich Ærø Čas 3",
        "project_slug": "zas",
        "package_name": "zas_3",
        "owner": "Acme-Labs",
    },
}


@pytest.fixture(scope="session", params=RENAMED)
def renamed(request, live, tmp_path_factory):
    """A project with another name: (path, answers). Read only."""
    answers = {"owner": "acme", "description": "Whether a parcel is late", **RENAMED[request.param]}
    return baking.bake(live, tmp_path_factory.mktemp(request.param), **answers), answers


@pytest.fixture(scope="session")
def identical(live, tmp_path_factory):
    """A project with the live names. Read only."""
    return baking.bake(live, tmp_path_factory.mktemp("identical"))


@pytest.fixture(scope="session")
def ready(renamed, tmp_path_factory):
    """A renamed project and an environment as `make setup` makes it: (path, variables). Tests may run it."""
    return prepared(shutil.copytree(renamed[0], tmp_path_factory.mktemp("ready") / "project"))
