# Commands for this project. It needs GNU make and Python 3.11 or newer; `make help` lists them.

VENV := .venv
# Test processes at a time; each has a database of its own.
WORKERS ?= 2
AXE := tests/e2e/node_modules/.package-lock.json
PY := $(VENV)/bin/python
# The first interpreter on this machine that is new enough; PYTHON=/path/to/python overrides it.
PYTHON ?= $(shell for candidate in python3 python3.14 python3.13 python3.12 python3.11 python; do \
	command -v $$candidate >/dev/null 2>&1 && $$candidate -c \
	'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1 && echo $$candidate && break; \
	done)

# Under a script that runs make in the background, SIGINT and SIGTERM may be inherited as
# ignored. The installation gets them back, so that it can be stopped as well.
STOPPABLE = $(PYTHON) -c 'import os, signal, sys; \
	[signal.signal(number, signal.SIG_DFL) for number in (signal.SIGINT, signal.SIGTERM)]; \
	os.execvp(sys.argv[1], sys.argv[1:])'

.DEFAULT_GOAL := help
.PHONY: help demo test lint format schema bench screenshots clean

help:  ## List the commands
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/  make \1\t\2/p' Makefile | expand -t 16

demo: $(VENV)/worker.stamp  ## Install, load the demo set, train, and serve on http://127.0.0.1:8000 (PORT=9000 make demo)
	@exec $(PY) -m config.demo --parent $$PPID

test: $(VENV)/dev.stamp $(AXE)  ## Run the whole test suite on SQLite (ARGS="-k name" passes arguments on)
	$(PY) -m pytest -n $(WORKERS) --dist loadfile $(ARGS)

lint: $(VENV)/dev.stamp  ## Style, types, import contracts, templates, migrations, API schema
	$(PY) -m ruff check .
	$(PY) -m ruff format --check .
	$(PY) -m mypy .
	$(VENV)/bin/lint-imports
	$(VENV)/bin/djlint --check --lint --quiet templates
	$(PY) manage.py makemigrations --check --dry-run
	if test -e docs/openapi.yaml; then \
		$(PY) manage.py spectacular --validate --fail-on-warn --file $(VENV)/openapi.yaml && \
		diff -u docs/openapi.yaml $(VENV)/openapi.yaml; \
	fi

format: $(VENV)/dev.stamp  ## Sort the imports and format the source
	$(PY) -m ruff check --fix .
	$(PY) -m ruff format .
	-$(VENV)/bin/djlint --reformat --quiet templates

schema: $(VENV)/dev.stamp  ## Write the API's schema to docs/openapi.yaml
	$(PY) manage.py spectacular --validate --fail-on-warn --file docs/openapi.yaml

bench: $(VENV)/dev.stamp  ## Measure what docs/performance.md states (RECOMMENDER_DATA, PostgreSQL); takes long
	for database in sqlite postgres; do \
		for rows in real full; do \
			$(PY) -m benchmarks.import_load --rows $$rows --database $$database $(ARGS) || exit 1; \
		done; \
		$(PY) -m benchmarks.dataset_load --database $$database || exit 1; \
	done
	for name in pages api search content_similarity ease matrix_factorisation recommender_net fold_in bulk_lists mal_import onboarding; do \
		$(PY) -m benchmarks.$$name || exit 1; \
	done

screenshots: $(VENV)/dev.stamp  ## Start a demo and take a picture of every page at three widths, light and dark (screenshots/)
	$(PY) -m tests.e2e.screenshots $(ARGS)

clean:  ## Remove the virtual environment, caches and reports; var/ (your data) stays
	rm -rf $(VENV) tests/e2e/node_modules *.egg-info build htmlcov .coverage .mypy_cache .ruff_cache .pytest_cache \
		.import_linter_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# --- Installation: a stamp a set of packages, renewed when the requirements change ------------

$(VENV)/worker.stamp: pyproject.toml constraints.txt
	$(call install,worker)
	@touch $@

$(VENV)/dev.stamp: pyproject.toml constraints.txt
	$(call install,dev)
	@touch $(VENV)/worker.stamp $@

# What checks accessibility in the browser tests; where npm is absent they are skipped.
$(AXE): tests/e2e/package-lock.json
	@if command -v npm >/dev/null 2>&1; then npm ci --silent --no-audit --no-fund --prefix tests/e2e; \
		touch $@; else echo "npm is absent: accessibility is not tested"; fi

# A virtual environment without a working pip (broken off, or its Python is gone) is made anew.
define install
	@test -n "$(PYTHON)" || { echo "Python 3.11 or newer is needed; none was found. Say which: make PYTHON=/path/to/python" >&2; exit 2; }
	@$(PY) -m pip --version >/dev/null 2>&1 || { echo "Creating $(VENV) with $(PYTHON)"; $(STOPPABLE) $(PYTHON) -m venv --clear $(VENV); } || \
		{ echo "Python's venv module is needed; on Debian: apt install python3-venv" >&2; exit 2; }
	@echo "Installing the packages; the first time this downloads a few hundred megabytes or more (README.md)"
	@$(STOPPABLE) $(PY) -m pip install --disable-pip-version-check -c constraints.txt -e '.[$(1)]'
endef
