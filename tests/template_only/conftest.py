"""One clone of the live tree, and projects made of it, for all tests of the template."""

import pytest
from template_only import baking


@pytest.fixture(scope="session")
def live(tmp_path_factory):
    """A clone of the live tree. Read only."""
    target = tmp_path_factory.mktemp("live") / "merge-lane"
    target.mkdir()
    return baking.live_copy(target)


RENAMED = {
    "short": {"name": "Ab", "owner": "x", "description": "Small"},
    "longest": {"name": "Parcel Delay Forecast 24x7 Abc", "description": "It's late: # 1 & only"},
    "unicode": {"name": "Zürich Ærø Čas 3", "slug": "zas", "package": "zas_3", "owner": "Acme-Labs"},
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
