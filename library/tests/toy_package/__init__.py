"""The package of the toy project: what a team would write, for the tests of the library."""
