# Muniment's targets; `make` alone lists them. Everything is installed into .venv from the hash-checked locks and nothing outside the
# folder is touched. Another Python: make test PYTHON=python3.13
.DEFAULT_GOAL := help
SHELL := /bin/sh
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check -qq
JUDGES := $(wildcard tests/judges.lock)
# One process a core, a file of tests at a time in each: what a file has set up once is used by that file alone.
TOGETHER := --numprocesses=logical --maxprocesses=4 --dist=loadfile

.PHONY: help demo test check soak bench pictures fixtures lock clean

help: ## list the targets
	@awk -F':.*## ' '/^[a-z]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' Makefile

demo: $(VENV)/installed ## found a registry, load the fixtures, see tampering found out, and open workbench and gateway on it
	@$(BIN)/muniment demo

test: $(VENV)/judged lint ## everything: ruff, mypy, import contracts, all tests (under eight minutes)
	$(BIN)/python -m pytest $(TOGETHER) -m "not soak"

check: $(VENV)/judged lint ## before a commit: ruff, mypy, import contracts, quick tests (under two minutes)
	$(BIN)/python -m pytest -q $(TOGETHER) -m "not soak and not slow"

soak: $(VENV)/judged ## chance and repetition: every property with 3,000 examples and fresh seeds, then the tests marked soak
	$(BIN)/python -m pytest --hypothesis-profile=soak -m "hypothesis or soak"

bench: $(VENV)/judged ## measure the gateway beside bare graphql-core, and the workbench over a million sales (five minutes)
	@PYTHONPATH=.:graphql $(BIN)/python -m bench.gateway
	@PYTHONPATH=.:graphql $(BIN)/python -m bench.workbench

pictures: $(VENV)/judged ## make the pictures of the workbench in docs/pictures again
	@PYTHONPATH=.:graphql $(BIN)/python -m tests.tui.make_pictures

fixtures: $(VENV)/installed ## make the fixtures again from their seed
	$(BIN)/python -m fixtures

lock: $(VENV)/judged ## resolve the two locks anew (wants uv on the path)
	uv pip compile pyproject.toml --extra workbench --extra gateway --group build $(LOCK) -o requirements.lock
	uv pip compile --group dev --constraints requirements.lock $(LOCK) -o requirements-dev.lock

clean: ## remove .venv and the tools' caches, never a registry
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis

# --no-header, and no index option: a lock names versions and hashes, never an address.
LOCK := --quiet --generate-hashes --universal --no-header --python-version 3.11

.PHONY: lint
lint: $(VENV)/judged
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

# The first of these that is 3.11 or newer and has venv with ensurepip; each is asked, since a name on the path may be a shim for nothing.
PYTHON := python3 python3.14 python3.13 python3.12 python3.11
$(VENV)/bin/python:
	@for python in $(PYTHON); do \
	  "$$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || continue; \
	  if ! "$$python" -c 'import venv, ensurepip' 2>/dev/null; then \
	    echo "$$python has no venv module with pip in it; on Debian or Ubuntu: apt install python3-venv, then run make again." >&2; exit 1; \
	  fi; \
	  exec "$$python" -m venv $(VENV); \
	done; \
	echo "Muniment wants Python 3.11 or newer, and none was found; install one, or name it: make PYTHON=/path/to/python3." >&2; exit 1

# hatchling stands in the lock, hence no build isolation: nothing arrives unhashed.
$(VENV)/installed: $(VENV)/bin/python requirements.lock pyproject.toml
	@echo "Installing from requirements.lock into $(VENV)…"
	@$(PIP) install --require-hashes -r requirements.lock
	@$(PIP) install --no-deps --no-build-isolation -e .
	@touch $@

# The judges of our formats are older than our Python or pin what we do not need: --no-deps, and hashes all the same.
$(VENV)/judged: $(VENV)/installed requirements-dev.lock $(JUDGES)
	@echo "Installing from requirements-dev.lock into $(VENV)…"
	@$(PIP) install --require-hashes -r requirements-dev.lock
	@$(if $(JUDGES),$(PIP) install --require-hashes --no-deps --ignore-requires-python -r $(JUDGES))
	@touch $@
