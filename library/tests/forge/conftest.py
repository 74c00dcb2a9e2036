"""Doubles of the programs that a step runs."""

import pytest
from forge.doubles import Programs


@pytest.fixture
def programs(tmp_path, monkeypatch):
    """Doubles in the working directory of the test, which is empty."""
    found = Programs(tmp_path)
    monkeypatch.setenv("PATH", found.path)
    work = tmp_path / "work"
    work.mkdir()
    monkeypatch.chdir(work)
    for name in (
        "DVC_REMOTE",
        "ENVIRONMENT",
        "TARGET",
        "TO",
        "PREVIOUS",
        "BASE",
        "GITHUB_SHA",
        "GITHUB_OUTPUT",
    ):
        monkeypatch.delenv(name, raising=False)
    return found
