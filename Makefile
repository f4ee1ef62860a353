# Every check and every start by one command; `make` alone lists them.
VENV := .venv
PY := $(VENV)/bin/python
LOCKS := requirements/bootstrap.txt requirements/dev.txt
STAMP := $(VENV)/.installed
SIZE ?= 100000

.DEFAULT_GOAL := help
.PHONY: help install run test lint bench e2e lock

help: ## this list
	@grep -hE '^[a-z0-9]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | expand -t 12

install: $(STAMP) ## the Python environment in .venv

$(STAMP): $(LOCKS) scripts/make_venv.sh
	@scripts/make_venv.sh $(VENV) $(LOCKS)
	@touch $@

run: install ## start the portal here: web, worker, scheduler, broker (Ctrl-C stops it)
	@exec $(PY) manage.py run_portal

test: install ## the whole suite on SQLite and on PostgreSQL, with system packages and services
	@scripts/system_packages.sh
	@$(PY) -m scripts.run_tests all

e2e: install ## browser tests only
	@scripts/system_packages.sh
	@$(PY) -m scripts.run_tests browser

lint: install ## static checks: ruff, mypy, contracts between the rooms, migrations
	@scripts/lint.sh

bench: install ## the benchmark table (SIZE=100000 students)
	@scripts/system_packages.sh
	@$(PY) -m scripts.with_services $(PY) -m benchmarks --size $(SIZE)

lock: install ## compile requirements/*.in into the hashed *.txt
	@cd requirements && for name in bootstrap prod dev; do \
	  ../$(VENV)/bin/uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-header $$name.in -o $$name.txt; done
