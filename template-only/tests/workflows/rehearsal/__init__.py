"""Executes workflows as they are written, without a runner. README.md lists what it emulates."""
