# Copyright (c) 2026 Benchkeeper contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

.DEFAULT_GOAL := help
SHELL := bash
BIN := .venv/bin
export PATH := $(CURDIR)/$(BIN):$(PATH)
# Ansible leaves an ansible.cfg alone that lies in a folder everybody may write to; named here it counts everywhere.
export ANSIBLE_CONFIG := $(CURDIR)/ansible.cfg
# Without it molecule looks where newer collections keep their scenarios, and warns.
export MOLECULE_GLOB := molecule/*/molecule.yml
# Frames around its programs' output cut every line at 80 characters.
export MOLECULE_COMMAND_BORDERS := 0
# Further arguments for pytest or molecule: make test ARGS="-k policy"
ARGS ?=

.PHONY: help setup setup-dev setup-newest setup-newest-if-possible setup-nginx setup-browser demo demo-down test promises molecule lint sanity clean

help: ## this list
	@sed -nE 's/^([a-z-]+):[^#]*## (.*)/  make \1|\2/p' Makefile | column -t -s '|'

setup: ## .venv with Ansible; the checkout, found as a collection
	@tools/setup.sh run

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

demo: setup-nginx setup ## build the demo bench, configure it, verify it with a real OAuth flow; it stays up
	$(BIN)/ansible-playbook -i inventories/demo playbooks/demo.yml

demo-down: ## stop the demo bench; `make demo` starts it again as it was
	@if [ -e .demo ]; then tools/setup.sh run && \
	    $(BIN)/ansible-playbook -i inventories/demo playbooks/demo_down.yml; \
	else echo "There is no demo bench here."; fi

test: setup-nginx setup-browser setup-newest-if-possible ## unit, contract and end-to-end tests, the report in a real browser among them
	$(BIN)/python -m pytest --numprocesses auto --maxprocesses 4 --dist loadfile $(ARGS)

promises: setup-nginx setup-newest ## every promise tried in full, ending in a table: promise, tries, failures
	HYPOTHESIS_PROFILE=full $(BIN)/python -m pytest tests/unit tests/promises --full --core .venv-newest/bin \
	    $(if $(findstring --ground,$(ARGS)),,--numprocesses 2 --dist loadfile --no-loadscope-reorder) $(ARGS)

molecule: ## scenarios in containers, one with a real browser: make molecule ARGS="--scenario-name cors"
	@tools/setup.sh molecule
	tools/with_docker.sh molecule test $(or $(ARGS),--all)

lint: setup-dev ## every judge of style and documentation, `make sanity` included
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

sanity: setup-dev ## ansible-test sanity, in a copy of the tree below build/
	$(BIN)/python tools/sanity.py

clean: demo-down ## stop the demo bench, then remove it and everything that was built
	rm -rf .demo .venv .venv-newest .ansible .cache build
