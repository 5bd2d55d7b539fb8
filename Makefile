# Two commands to know: `make run` and `make test`. Nothing but Python 3.11+ is needed beforehand.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

.PHONY: run test style check check-all mutants bench deps format clean
run: $(VENV)/run
	$(BIN)/python app.py

# Contiguous thirds of the tests for three processes: what a module sets up once, one process sets up. One more than
# cores, as some tests wait most of their time.
PYTEST := $(BIN)/pytest -n 3 --dist worksteal

test: $(VENV)/dev
	$(PYTEST) -m "not exhaustive"

style: $(VENV)/dev
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/bandit --quiet --configfile pyproject.toml --recursive app.py bot memory deploy

check: style test

check-all: style
	$(PYTEST) --hypothesis-profile exhaustive

# Changes of the deciding code that no test notices: all of it takes hours, MODULES="path[::function] …" less.
mutants: $(VENV)/dev
	$(BIN)/python -m tests.mutants $(MODULES)

bench: $(VENV)/bench
	$(BIN)/python -m benchmarks

# The newest versions that fit together, for every system and Python from 3.11 on. Asks the package index, changes no
# installed package: `make check` installs what was written.
COMPILE := $(BIN)/uv pip compile --quiet --upgrade --universal --python-version 3.11 --generate-hashes \
	--annotation-style line --custom-compile-command "make deps"

deps: $(VENV)/dev
	$(COMPILE) requirements.in -o requirements.txt
	$(COMPILE) requirements-engines.in -c requirements.txt -o requirements-engines.txt
	$(COMPILE) requirements-encryption.in -c requirements.txt -o requirements-encryption.txt
	$(COMPILE) requirements-dev.in -c requirements.txt -o requirements-dev.txt
	$(COMPILE) requirements-bench.in -c requirements.txt -c requirements-dev.txt -o requirements-bench.txt

format: $(VENV)/dev
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

clean:
	rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache .hypothesis

$(VENV)/bin/python:
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Hawker needs Python 3.11 or newer; run: make PYTHON=python3.12 run")'
	$(PYTHON) -m venv $(VENV) || { echo "On Debian and Ubuntu: apt install python3-venv"; exit 1; }

$(VENV)/run: $(VENV)/bin/python requirements.txt
	$(BIN)/python -m pip install --disable-pip-version-check --require-hashes -r requirements.txt
	touch $@

$(VENV)/dev: $(VENV)/run requirements-dev.txt
	$(BIN)/python -m pip install --disable-pip-version-check --require-hashes -r requirements-dev.txt
	touch $@

$(VENV)/bench: $(VENV)/dev requirements-bench.txt
	$(BIN)/python -m pip install --disable-pip-version-check --require-hashes -r requirements-bench.txt
	touch $@
