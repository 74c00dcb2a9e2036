# Whatever CI does, a person does with the same target. `make help` lists them.
.DEFAULT_GOAL := help
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
MAKEFLAGS += --no-print-directory

PYTHON ?= python3
export PATH := $(CURDIR)/.venv/bin:$(PATH)
# Usage reporting is off everywhere; a dead tracking server costs seconds, not minutes.
export DVC_NO_ANALYTICS := 1
export MLFLOW_DISABLE_TELEMETRY := true
export DO_NOT_TRACK := true

help: ## List the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /|/' | awk -F'|' '{printf "  make %-14s %s\n", $$1, $$2}'

setup: .venv/.ready ## Make .venv with the locked requirements (uv if present, else pip)

.venv/.ready: requirements/all.txt requirements/build.txt pyproject.toml
	@./scripts/setup $(PYTHON)

requirements: ## Resolve the locked requirements again (needs uv)
	./scripts/requirements

run: setup ## Reproduce the pipeline on the real data, show the metrics, ask the served model one prediction
	@$(MAKE) reproduce
	@echo && merge-lane metrics && echo
	@merge-lane try
	@cat scripts/next-steps

reproduce: setup ## Run the stages of dvc.yaml that changed
	@merge-lane prune
	dvc repro

lint: setup ## Lint, format check, types, direction of imports
	ruff check . && ruff format --check .
	mypy
	lint-imports

format: setup ## Format and mend what can be mended
	ruff check --fix-only . && ruff format .

test: setup ## Pass the tests (all of them where CI is set, else without the slow ones)
	pytest -n 2 $(if $(CI),,-m "not slow")

test-all: setup ## Pass all tests, the slow ones too
	pytest -n 2

.PHONY: help setup requirements run reproduce lint format test test-all
