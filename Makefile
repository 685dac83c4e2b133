# The verbs of the project. `make` alone lists them.
PYTHON ?= python3
UV ?= $(shell command -v uv || echo .venv/bin/uv)
, := ,
STAMP := .venv/.ready

# Runs a command whose output matters only when it fails.
quietly = output=$$($(1) 2>&1) || { printf '%s\n' "$$output"; exit 1; }
refuse = { echo "$(1)" >&2; exit 1; }

.DEFAULT_GOAL := help
.PHONY: help setup demo test check generate servers lock clean

help: ## list the verbs
	@awk -F ': [^#]*## ' '/^[a-z]+: .*## / { printf "make %-9s %s\n", $$1, $$2 }' Makefile

setup: $(STAMP) ## make .venv and install what requirements.lock names; does nothing when that is done
	@:

$(STAMP): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null \
		|| $(call refuse,Python 3.11 or newer is needed: install it$(,) or name one with: make PYTHON=python3.12)
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null \
		|| $(call refuse,Python has no venv module here: as root$(,) apt-get install python3-venv$(,) then try again.)
	@echo "Installing into .venv; the first time takes about a minute."
	@$(PYTHON) -m venv .venv
	@.venv/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	@.venv/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

demo: setup ## start everything on free ports with simulated homes; Ctrl-C stops it all
	@exec .venv/bin/hub demo

test: setup ## run all tests; ARGS="tests/test_servers.py -k mosquitto" runs some
	@.venv/bin/python -m pytest $(ARGS)

check: setup ## style, types, walls between the rooms, length of files, generated files
	@.venv/bin/ruff check --quiet .
	@$(call quietly,.venv/bin/ruff format --check .)
	@$(call quietly,.venv/bin/basedpyright)
	@$(call quietly,.venv/bin/lint-imports --no-logo)
	@.venv/bin/python -m tools.ceiling
	@.venv/bin/python -m tools.generate --check

generate: setup ## write the generated files anew
	@.venv/bin/python -m tools.generate

servers: ## as root: install the servers and the browser the tests need (Debian packages, and a Debian 13 in .servers)
	@deploy/servers/install.sh

lock: ## write requirements.lock from pyproject.toml; UPGRADE=1 takes the newest versions
	@command -v "$(UV)" >/dev/null || $(call refuse,make lock needs uv: run make setup and then .venv/bin/pip install uv.)
	@"$(UV)" pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header \
		--no-annotate --group dev $(if $(UPGRADE),--upgrade) pyproject.toml --output-file requirements.lock

clean: ## remove what the other verbs made, except the servers
	@rm -rf .venv build *.egg-info .pytest_cache .ruff_cache .hypothesis .import_linter_cache
	@find . -path ./.servers -prune -o -name __pycache__ -type d -prune -exec rm -rf {} +
