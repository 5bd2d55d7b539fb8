# Two commands to know: `make run` and `make test`. Nothing but Python 3.11+ is needed beforehand.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

.PHONY: run test style check check-all mutants bench format clean
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

check: style test

check-all: style
	$(PYTEST) --hypothesis-profile exhaustive

# Changes of the deciding code that no test notices: all of it takes hours, MODULES="path[::function] …" less.
mutants: $(VENV)/dev
	$(BIN)/python -m tests.mutants $(MODULES)

bench: $(VENV)/bench
	$(BIN)/python -m benchmarks

format: $(VENV)/dev
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

clean:
	rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache .hypothesis

$(VENV)/bin/python:
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Hawker needs Python 3.11 or newer; run: make PYTHON=python3.12 run")'
	$(PYTHON) -m venv $(VENV) || { echo "On Debian and Ubuntu: apt install python3-venv"; exit 1; }

$(VENV)/run: $(VENV)/bin/python requirements.txt
	$(BIN)/python -m pip install --disable-pip-version-check -r requirements.txt
	touch $@

$(VENV)/dev: $(VENV)/run requirements-dev.txt
	$(BIN)/python -m pip install --disable-pip-version-check -r requirements-dev.txt
	touch $@

$(VENV)/bench: $(VENV)/dev requirements-bench.txt
	$(BIN)/python -m pip install --disable-pip-version-check -r requirements-bench.txt
	touch $@
