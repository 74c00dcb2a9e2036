# Part of `make lint` here, where names are still to be replaced: see docs/decisions/template-only-assembly.md.
lint: lint-names

.PHONY: lint-names
lint-names: setup
	python template-only/fit_names.py --check
