# What only this repository has, the template: the root's Makefile includes it, a generated project lacks it.
.PHONY: lint-names lint-library infra-check infra-test bench

TESTS := -c template-only/pytest.ini --rootdir . tests library/tests template-only/tests

# Part of `make lint` here, where names are still to be replaced: see docs/decisions/template-only-assembly.md.
lint: lint-names lint-library

lint-names: setup
	python template-only/fit_names.py --check

lint-library: setup
	mypy benchmarks
	cd library && mypy && lint-imports

##@ The template (`make -f template-only/Makefile` lists more)

infra-check: setup ## Format, validity and own tests of all Terraform; needs terraform
	pytest $(TESTS) -n 2 -k 'infra and (modules or sources)'

infra-test: setup ## Apply, canary, break and destroy all environments on a cloud on loopback; build and run the image
	pytest -n 2 -c template-only/pytest.ini --rootdir . template-only/tests/infra library/tests/release/image library/tests/release/targets/aws

bench: setup ## Measure what is promised about speed: a release taking over under load, and the API against a tutorial's
	python -m benchmarks.switch
	@echo
	python -m benchmarks.serving

# `make setup` and `make requirements` take this lock too: what only the tests of the library and of the template need.
export MORE_LOCKS := template-only/requirements.txt
export MORE_REQUIREMENTS := --group library/pyproject.toml:dev
.venv/.ready: $(MORE_LOCKS) library/pyproject.toml library/build_backend.py
