# Copyright (c) 2026 Benchkeeper contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

.DEFAULT_GOAL := help
SHELL := bash
BIN := .venv/bin
export PATH := $(CURDIR)/$(BIN):$(PATH)
# Ansible ignores ansible.cfg in a world-writable directory unless this variable names it.
export ANSIBLE_CONFIG := $(CURDIR)/ansible.cfg
# Without this variable, molecule searches a different directory for scenarios and warns.
export MOLECULE_GLOB := molecule/*/molecule.yml
# Borders around command output would truncate every line to 80 characters.
export MOLECULE_COMMAND_BORDERS := 0
# Additional arguments for pytest or molecule, for example: make test ARGS="-k policy"
ARGS ?=

# Each process takes one file at a time, in the order of tests/conftest.py.
PARALLEL := --dist loadfile --no-loadscope-reorder --numprocesses

.PHONY: help setup setup-dev setup-newest setup-newest-if-possible setup-nginx setup-browser demo demo-down test promises-short promises molecule lint sanity clean

help: ## show this list
	@sed -nE 's/^([a-z-]+):[^#]*## (.*)/  make \1|\2/p' Makefile | column -t -s '|'

setup: ## create .venv with Ansible and link the checkout as a collection
	@tools/setup.sh run

# The other targets use these.
setup-dev:
	@tools/setup.sh dev

setup-newest:
	@tools/setup.sh newest

setup-newest-if-possible:
	@tools/setup.sh newest-if-possible

setup-nginx:
	@tools/setup.sh nginx

setup-browser:
	@tools/setup.sh browser

demo: setup-nginx setup ## create the demo bench, configure it and verify it with a real OAuth flow
	$(BIN)/ansible-playbook -i inventories/demo playbooks/demo.yml

demo-down: ## stop the demo bench and keep its data
	@if [ -e .demo ]; then tools/setup.sh run && \
	    $(BIN)/ansible-playbook -i inventories/demo playbooks/demo_down.yml; \
	else echo "No demo bench exists in this checkout."; fi

test: setup-nginx setup-browser setup-newest-if-possible ## run the unit, contract and integration tests, including the report in a browser
	$(BIN)/python -m pytest tests/unit tests/contract tests/integration $(PARALLEL) auto --maxprocesses 4 $(ARGS)

promises-short: setup-nginx setup-dev ## try each promise a few times, and show a table of promises, tries and failures
	$(BIN)/python -m pytest tests/promises $(PARALLEL) auto --maxprocesses 4 $(ARGS)

promises: setup-nginx setup-newest ## run all promise tests in full, also on the newest ansible-core
	HYPOTHESIS_PROFILE=full $(BIN)/python -m pytest tests/unit tests/promises --full --core .venv-newest/bin \
	    $(if $(findstring --ground,$(ARGS)),,$(PARALLEL) 2) $(ARGS)

molecule: ## run the molecule scenarios in containers: make molecule ARGS="--scenario-name cors"
	@tools/setup.sh molecule
	tools/with_docker.sh molecule test $(or $(ARGS),--all)

lint: setup-dev ## run all linters, including `make sanity`
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/yamllint --strict .
	$(BIN)/python tools/check_role_specs.py
	$(BIN)/python tools/write_rules.py --check
	$(BIN)/ansible-lint --offline
	$(BIN)/antsibull-docs lint-collection-docs --plugin-docs --validate-collection-refs self .
	$(BIN)/antsibull-changelog lint
	$(BIN)/python tools/sanity.py

sanity: setup-dev ## run ansible-test sanity on a copy of the checkout in build/
	$(BIN)/python tools/sanity.py

clean: demo-down ## stop and remove the demo bench, and remove all build results
	rm -rf .demo .venv .venv-newest .ansible .cache build
