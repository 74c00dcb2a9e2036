"""Programs that a test needs: without one it is skipped with a reason, and fails where CI is set."""

from __future__ import annotations

import os
import shutil

import pytest

needs_gh = pytest.mark.skipif(
    not shutil.which("gh") and not os.environ.get("CI"), reason="the GitHub CLI `gh` is not installed"
)
