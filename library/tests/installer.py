"""Install packages into another environment: with pip, or with uv where this environment has no pip."""

import importlib.util
import sys


def install(environment, *options):
    """Return the command that installs into `environment`. It fetches nothing and resolves nothing."""
    python = environment / "bin/python"
    if importlib.util.find_spec("pip"):
        command = [sys.executable, "-m", "pip", "--python", python, "install"]
    else:
        command = ["uv", "pip", "install", "--python", python]
    return [str(part) for part in [*command, "--quiet", "--no-deps", "--no-index", *options]]
