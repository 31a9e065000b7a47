# What people type. Everything else is in scripts/ or behind `python manage.py`.
SHELL := /bin/bash
.DEFAULT_GOAL := help
.PHONY: help run test test-all check lint bench e2e chaos lock messages schema

VENV := .venv
BIN := $(VENV)/bin
export PATH := $(CURDIR)/$(BIN):$(PATH)
PYTHON3 := $(shell command -v python3.11 || command -v python3.12 || echo python3)
PIP := $(BIN)/python -m pip --disable-pip-version-check install --quiet --quiet --require-hashes
PORT ?= 8000
SANDBOX_ITEMS ?= 2221
export SANDBOX_ITEMS

help:  ## Show this list
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / {printf "  make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

run: $(VENV)/.installed  ## Start everything on this machine, with a sandbox instead of Zoho
	@exec env PORT=$(PORT) $(BIN)/python -m scripts.run

test: $(VENV)/.installed-dev  ## Run the tests on SQLite and, where one answers, on PostgreSQL
	@scripts/test.sh -m "not slow and not browser"

test-all: $(VENV)/.installed-dev  ## Run every test: end to end, load, browser, long random runs
	@HYPOTHESIS_PROFILE=thorough scripts/test.sh

e2e: $(VENV)/.installed-dev  ## Run the end-to-end tests and the journeys in a real browser only
	@scripts/test.sh tests/end_to_end tests/browser

chaos: $(VENV)/.installed-dev  ## Kill everything for minutes on a PostgreSQL of its own; see that nothing is lost
	@python -m tests.load.chaos $(CHAOS)

lint: $(VENV)/.installed-dev  ## Style, types, layers, templates
	ruff check .
	ruff format --check .
	mypy .
	lint-imports
	djlint templates --check --lint --quiet

check: lint  ## Everything that can be checked without running tests
	python -m scripts.check_requirements
	python manage.py makemigrations --check --dry-run
	scripts/check_deploy.sh
	scripts/check_translations.sh
	scripts/check_schema.sh
	python -m scripts.check_secrets

bench: $(VENV)/.installed-dev  ## Run the benchmarks (BENCH="ingest drain" picks some)
	@for name in $(or $(BENCH),ingest drain latency backlog); do python -m benchmarks $$name || exit 1; done

lock: $(VENV)/.installed-dev  ## Pin requirements.in and requirements-dev.in with hashes
	python -m pip --disable-pip-version-check install --quiet uv
	uv pip compile --quiet --generate-hashes --no-header --python-version 3.11 requirements.in -o requirements.txt
	uv pip compile --quiet --generate-hashes --no-header --python-version 3.11 requirements-dev.in -o requirements-dev.txt

messages: $(VENV)/.installed-dev  ## Collect our texts into locale/ar and compile them
	scripts/messages.sh

schema: $(VENV)/.installed-dev  ## Write docs/openapi.yaml anew
	@scripts/check_schema.sh write

$(VENV)/.installed: requirements.txt
	@echo "Installing requirements (once) ..."
	@test -x $(BIN)/python || $(PYTHON3) -m venv $(VENV) || { echo "Install Python 3.11 with its venv module first (Debian: apt-get install python3 python3-venv)."; exit 1; }
	@$(PIP) -r requirements.txt
	@touch $@

$(VENV)/.installed-dev: $(VENV)/.installed requirements-dev.txt
	@echo "Installing development requirements (once) ..."
	@$(PIP) -r requirements-dev.txt
	@touch $@
