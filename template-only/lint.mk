# Part of `make lint` here, where names are still to be replaced: see docs/decisions/template-only-assembly.md.
lint: lint-names lint-library

.PHONY: lint-names
lint-names: setup
	python template-only/fit_names.py --check

.PHONY: lint-library
lint-library: setup
	cd library && mypy && lint-imports

TESTS := -c template-only/pytest.ini --rootdir . tests library/tests template-only/tests
