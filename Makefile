# Whatever CI does, a person does with the same target. `make help` lists them.
.DEFAULT_GOAL := help
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
MAKEFLAGS += --no-print-directory

PYTHON ?= python3
MLFLOW_PORT ?= 5000
export PATH := $(CURDIR)/.venv/bin:$(PATH)
# Usage reporting is off everywhere; a dead tracking server costs seconds, not minutes.
export DVC_NO_ANALYTICS := 1
export MLFLOW_DISABLE_TELEMETRY := true
export DO_NOT_TRACK := true

help: ## List the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /|/' | awk -F'|' '{printf "  make %-14s %s\n", $$1, $$2}'

setup: .venv/.ready ## Make .venv with the locked requirements (uv if present, else pip)

.venv/.ready: requirements/all.txt requirements/build.txt pyproject.toml $(wildcard vendor/*.whl)
	@./scripts/setup $(PYTHON)

requirements: ## Resolve the locked requirements again (needs uv)
	./scripts/requirements

run: setup ## Reproduce the pipeline on the real data, show the metrics, ask the served model one prediction
	@$(MAKE) reproduce
	@merge-lane track --warn-only
	@echo && merge-lane metrics && echo
	@merge-lane try
	@cat scripts/next-steps

reproduce: setup ## Run the stages of dvc.yaml that changed
	@merge-lane prune
	dvc repro

serve: setup ## Serve the model at http://127.0.0.1:8000/docs until Ctrl-C (PORT=8000)
	merge-lane serve --port $(or $(PORT),8000)

review: setup ## Compare the candidate with main and judge it (BASE=REV for another base)
	@merge-lane review $(if $(BASE),--base "$(BASE)")

report: setup ## Write report.md, report.html and report.json to reports/review (BASE=REV)
	@merge-lane report $(if $(BASE),--base "$(BASE)")

verify: setup ## Re-hash every file that dvc.lock names
	merge-lane verify-data

track: setup ## Log the run and its model to MLflow, once per model
	merge-lane track

mlflow: setup ## Open the tracked runs in MLflow's own pages
	MLFLOW_SERVER_ENABLE_JOB_EXECUTION=false mlflow ui --backend-store-uri sqlite:///mlflow.db --host 127.0.0.1 --port $(MLFLOW_PORT)

# The first three look at all files, new ones too; pre-commit at those that git knows.
lint: setup ## Lint, format check, types, direction of imports, secrets, large files
	ruff check . && ruff format --check .
	mypy
	SKIP=ruff,ruff-format,mypy,dvc-status pre-commit run --all-files --show-diff-on-failure

hooks: setup ## Check each commit before it is made (pre-commit), push data with commits
	pre-commit install

github: setup ## Set up the repository on GitHub as .github/repository.yaml says (DRY_RUN=1 only looks)
	merge-lane github $(if $(DRY_RUN),--dry-run)

.PHONY: github
update-template: setup ## Update merge-lane, and merge what changed in the template
	merge-lane update

template-patch: setup # the same, as the title, body and patch of a pull request
	merge-lane update --into tmp/template-update

.PHONY: update-template template-patch template-pull-request
template-pull-request: # opens it, with nothing of the template run (GH_TOKEN, BASE)
	scripts/propose-template-update tmp/template-update

format: setup ## Format, and fix what can be fixed
	ruff check --fix-only . && ruff format .

test: setup ## Run the tests (all of them where CI is set, else without the slow ones)
	pytest -n 2 $(TESTS) $(if $(CI),,-m "not slow")

test-all: setup ## Run all tests, the slow ones too
	pytest -n 2 $(TESTS)

infra-check: setup ## Format, validity and own tests of all Terraform; needs terraform
	pytest $(TESTS) -n 2 -k 'infra and (modules or sources)'

.PHONY: infra-check

.PHONY: help setup requirements run reproduce serve review report verify track mlflow lint hooks format test test-all

# The pull request. Values come from the environment and reach the shell as "$$NAME": a branch may be called anything.
NO_REMOTE := $(if $(filter true,$(READ_ONLY)),--no-remote)

deploy: setup ## Deploy this commit on this machine: canary, judge, promote or roll back (ENVIRONMENT=production)
	merge-lane release
	merge-lane deploy --environment "$${ENVIRONMENT:-production}"

rollback: setup ## Give the environment on this machine the release before back
	merge-lane rollback --environment "$${ENVIRONMENT:-production}"

rehearse: setup ## See the life of a change, in a scratch directory: review, merge, canary, a bad release, a revert
	./scripts/rehearse

.PHONY: rehearse

ci-reproduce: setup
	./scripts/ci-deploy reproduce

ci-image: setup
	./scripts/ci-deploy image

ci-verify-image:
	./scripts/ci-deploy verify-image

ci-deploy: setup
	./scripts/ci-deploy deploy

ci-save-state:
	./scripts/ci-deploy save-state

ci-rollback: setup
	./scripts/ci-deploy rollback

.PHONY: deploy rollback ci-reproduce ci-image ci-verify-image ci-deploy ci-save-state ci-rollback

lock: setup ## Reproduce from BASE's dvc.lock, not from a merged one; resolves a conflict in dvc.lock
	merge-lane prune
	merge-lane lock --base "$${BASE:-origin/main}" $(NO_REMOTE)

lock-check: setup ## Say whether dvc.lock is fresh and its outputs are in the remote; runs nothing
	merge-lane lock-check $(NO_REMOTE)

post-report: ## Post REPORT as the one comment of PULL_REQUEST (needs GH_TOKEN, REPOSITORY)
	PATH="$(CURDIR)/tmp/bin:$$PATH" ./scripts/post-report "$${REPORT:-reports/review/report.md}"

fetch-cml:
	./scripts/fetch-cml

check: lint test ## What the job `check` of a pull request does

# The steps of pull-request.yml and report-fork.yml.
ci-train: setup
	./scripts/ci-cache unpack
	merge-lane lock --base "$${BASE:-origin/main}" $(NO_REMOTE) --changed tmp/lock
	./scripts/ci-cache pack

ci-commit: setup
	merge-lane lock-commit --from tmp/lock --head "$$HEAD_SHA" --branch "$$HEAD_BRANCH"

ci-dispatch:
	./scripts/ci-dispatch

ci-plan:
	./scripts/ci-plan

ci-review: setup
	./scripts/ci-cache checkout
	./scripts/ci-report
	merge-lane review --base "$${BASE:-origin/main}"

ci-fork-report:
	python3 scripts/fork_report.py "$${REPORT:-reports/review/report.md}"

ci-pass:
	@python3 scripts/ci_pass.py

.PHONY: lock lock-check post-report fetch-cml check ci-train ci-commit ci-dispatch ci-plan ci-review ci-fork-report ci-pass

# More targets, where this repository has some.
-include template-only/*.mk
