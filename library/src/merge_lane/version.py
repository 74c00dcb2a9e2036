"""The library's version, apart from the package: it changes no fingerprint of a stage."""

__version__ = "0.2.0"
