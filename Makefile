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

# A value comes from the environment and reaches the shell as "$$NAME": a branch may be called anything.
BASE_OPTION := $${BASE:+--base "$$BASE"}
BASE_OR_MAIN := --base "$${BASE:-origin/main}"
NO_REMOTE := $(if $(filter true,$(READ_ONLY)),--no-remote)

STEPS := ci-train ci-plan ci-commit ci-dispatch ci-review ci-pass fetch-cml post-report ci-fork-report \
  ci-reproduce ci-image ci-verify-image ci-deploy ci-rollback ci-save-state template-patch \
  template-pull-request
.PHONY: help setup run reproduce serve mlflow track test test-all lint format hooks requirements update-template \
  check lock review report verify github deploy rollback rehearse $(STEPS)

##@ Work

help: # List the targets
	@awk -F ':.*## ' '/^##@ / { printf "\n%s\n", substr($$0, 5) } \
	  /^[a-z-]+:.*## / { printf "  make %-16s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)
	@printf '\nSteps of the workflows, which also run locally (merge-lane ci STEP --help)\n' && fold -sw 90 <<<"$(STEPS)" | sed 's/^/  /'
	@printf '\n%s\n%s\n' 'Whatever fails, GNU make ends with 2. The command ends with an exit code per cause (docs/pipeline.md):' \
	  '.venv/bin/merge-lane VERB; .venv/bin/merge-lane --help lists the verbs.'

setup: .venv/.ready ## Make .venv with the locked requirements (uv if present, else pip)

.venv/.ready: requirements/all.txt requirements/build.txt pyproject.toml $(wildcard vendor/*.whl)
	@./scripts/setup "$(PYTHON)"

run: setup ## Reproduce the pipeline on the real data, show the metrics, ask the served model one prediction
	@$(MAKE) reproduce
	@merge-lane track --warn-only
	@echo && merge-lane metrics && echo
	@merge-lane try
	@./scripts/next-steps

reproduce: setup ## Run the stages of dvc.yaml that changed
	@merge-lane prune
	dvc repro

serve: setup ## Serve the model at http://127.0.0.1:8000/docs until Ctrl-C (PORT=8000)
	merge-lane serve --port "$${PORT:-8000}"

mlflow: setup ## Open the tracked runs in MLflow's own pages (MLFLOW_PORT=5000)
	MLFLOW_SERVER_ENABLE_JOB_EXECUTION=false mlflow ui --backend-store-uri sqlite:///mlflow.db --host 127.0.0.1 --port "$${MLFLOW_PORT:-5000}"

track: setup ## Log the run and its model to MLflow, once per model
	merge-lane track

test: setup ## Run the tests (all of them where CI is set, else without the slow ones)
	pytest -n 2 $(TESTS) $(if $(CI),,-m "not slow")

test-all: setup ## Run all tests, the slow ones too
	pytest -n 2 $(TESTS)

# The first three look at all files, new ones too; pre-commit at those that git knows.
lint: setup ## Lint, format check, types, direction of imports, secrets, large files
	ruff check . && ruff format --check .
	mypy
	SKIP=ruff,ruff-format,mypy,dvc-status pre-commit run --all-files --show-diff-on-failure

format: setup ## Format, and fix what can be fixed
	ruff check --fix-only . && ruff format .

hooks: setup ## Check each commit before it is made (pre-commit), push data with commits
	pre-commit install

requirements: ## Resolve the locked requirements again (needs uv)
	./scripts/requirements

update-template: setup ## Update merge-lane, and merge what changed in the template
	merge-lane update

##@ Review

check: lint test ## Run what the job `check` of a pull request runs

lock: setup ## Reproduce from BASE's dvc.lock, not from a merged one; resolves a conflict in dvc.lock
	merge-lane prune
	merge-lane lock $(BASE_OR_MAIN) $(NO_REMOTE)

review: setup ## Compare the candidate with main and judge it (BASE=REV for another base)
	@merge-lane review $(BASE_OPTION)

report: setup ## Write report.md, report.html and report.json to reports/review (BASE=REV)
	@merge-lane report $(BASE_OPTION)

verify: setup ## Re-hash every file that dvc.lock names
	merge-lane verify-data

github: setup ## Set up the repository on GitHub as .github/repository.yaml says (DRY_RUN=1 only looks)
	merge-lane github $(if $(DRY_RUN),--dry-run)

##@ Deploy

deploy: setup ## Deploy this commit on this machine: canary, judge, promote or roll back (ENVIRONMENT=production)
	merge-lane release
	merge-lane deploy --environment "$${ENVIRONMENT:-production}"

rollback: setup ## Return the environment on this machine to the previous release (ENVIRONMENT=production)
	merge-lane rollback --environment "$${ENVIRONMENT:-production}"

rehearse: setup ## Watch the life of a change, in a scratch directory: review, merge, canary, a bad release, a revert
	./scripts/rehearse

# Steps of the workflows: `merge-lane ci STEP --help` names the variables that a step reads.
# Some run before anything is installed: straight from the library, with the standard library only.
LIBRARY := $(firstword $(wildcard library/src vendor/merge_lane-*.whl))
STEP := PYTHONSAFEPATH=1 PYTHONPATH=$(LIBRARY) "$(PYTHON)" -m merge_lane.forge

# pull-request.yml
ci-train: setup
	merge-lane ci unpack
	merge-lane lock $(BASE_OR_MAIN) $(NO_REMOTE) --changed tmp/lock
	merge-lane ci pack

ci-plan:
	$(STEP).steps.plan

ci-commit: setup
	merge-lane lock-commit --from tmp/lock --head "$$HEAD_SHA" --branch "$$HEAD_BRANCH"

ci-dispatch:
	$(STEP).github.dispatch

ci-review: setup
	merge-lane ci checkout
	merge-lane ci report
	merge-lane review $(BASE_OR_MAIN)

ci-pass:
	@$(STEP).github.required_check

# What posts the report, also that of a fork (report-fork.yml).
fetch-cml:
	$(STEP).github.fetch_cml

post-report:
	$(STEP).github.post_report

ci-fork-report:
	$(STEP).github.fork_report

# deploy.yml and rollback.yml
ci-reproduce: setup
	merge-lane ci reproduce

ci-image: setup
	merge-lane ci image

ci-verify-image:
	$(STEP).github.verify_image

ci-deploy: setup
	merge-lane ci deploy

ci-rollback: setup
	merge-lane ci rollback

ci-save-state: # after a deployment that was cut off: store a state that Terraform could not write
	infra/terraform "$$ENVIRONMENT" save-state

# template-update.yml
template-patch: setup # the update as the title, body and patch of a pull request
	merge-lane update --into tmp/template-update

template-pull-request: # opens it, and runs nothing of the template (GH_TOKEN, BASE)
	scripts/propose-template-update tmp/template-update

# More targets, where this repository has some.
-include template-only/*.mk
