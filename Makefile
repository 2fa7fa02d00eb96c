# Needs make and a Python of 3.11 or later; everything else goes into .venv, by itself.
# make demo | test | kill-everywhere | check | golden | reference | bench | fidelity | lock | clean       PYTHON=python3.12 chooses another Python

PYTHON ?= python3
BIN := .venv/bin
PIP := $(BIN)/python -m pip -qq --disable-pip-version-check --no-input
PYTEST := PYTHONSAFEPATH=1 $(BIN)/pytest
# More than two processors have: many tests wait for a process of their own, a pause or the disk.
WORKERS ?= 4
# Neighbours stay together, so what a module shares is made in few workers; idle ones take over.
SPREAD := -n $(WORKERS) --dist worksteal

.PHONY: demo test kill-everywhere check lint types imports schemas golden reference bench bench-convert lock clean simulate fidelity

demo: .venv/runtime.stamp
	@$(BIN)/teams-importer demo

test: .venv/dev.stamp
	$(PYTEST) $(SPREAD)

# A SIGKILL at each of 390 points, and 400 pairs; `make test` takes a sample. Seven minutes of two cores.
kill-everywhere: .venv/dev.stamp
	KILL_EVERYWHERE=1 $(PYTEST) $(SPREAD) tests/acceptance/test_kills.py

check: lint types imports schemas

lint: .venv/dev.stamp
	$(BIN)/ruff check
	$(BIN)/ruff format --check

types: .venv/dev.stamp
	$(BIN)/mypy

imports: .venv/dev.stamp
	$(BIN)/lint-imports --no-logo

schemas: .venv/dev.stamp
	$(BIN)/teams-importer schema --check schemas

golden: .venv/dev.stamp
	$(PYTEST) tests/rendering --snapshot-update

# The pages of docs/ that are made from the code; a test fails while one is out of date.
reference: .venv/dev.stamp
	@PYTHONPATH=. $(BIN)/python -m tests.reference

# make simulate SEEDS=10000: that many worlds of faults, crashes and colleagues, and a table of them.
SEEDS ?= 1000
simulate: .venv/dev.stamp
	@PYTHONPATH=. $(BIN)/python -m tests.simulation --seeds $(SEEDS)

bench: .venv/dev.stamp
	@$(BIN)/python benchmarks/startup.py
	@$(BIN)/python benchmarks/pace.py

# make fidelity CORPORA=FOLDER: what survives of copies of public wikis, construct by construct.
CORPORA ?= ../shared/corpora
fidelity: .venv/dev.stamp
	@PYTHONPATH=. $(BIN)/python benchmarks/fidelity.py $(CORPORA)

# Dumps of 10,000 and 100,000 pages: peak memory, and the rate beside the bare XML parser. Half an hour.
bench-convert: .venv/dev.stamp
	@$(BIN)/python benchmarks/convert.py

# A venv whose making failed half-way is removed, or the next run would take it for whole.
.venv/made.stamp:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	  echo "teams-importer needs Python 3.11 or later; $(PYTHON) is not. Try: make PYTHON=python3.12" >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' || { \
	  echo "$(PYTHON) lacks venv or ensurepip. On Debian and Ubuntu: apt-get install python3-venv" >&2; exit 1; }
	@echo "making .venv and installing the pinned requirements, once"
	@$(PYTHON) -m venv --clear .venv || { rm -rf .venv; exit 1; }
	@touch $@

# The checkout is installed by a command of its own: pip wants a hash for everything beside it otherwise.
.venv/runtime.stamp: .venv/made.stamp requirements/runtime.txt pyproject.toml
	@$(PIP) install --require-hashes -r requirements/runtime.txt
	@$(PIP) install --no-build-isolation --no-deps -e .
	@touch $@

.venv/dev.stamp: .venv/runtime.stamp requirements/dev.txt requirements/clients.txt
	@$(PIP) install --require-hashes -r requirements/dev.txt
	@$(PIP) install --require-hashes --no-deps -r requirements/clients.txt
	@touch $@

# Keeps the versions it finds; make lock LOCK=--upgrade takes the newest.
LOCK ?=
COMPILE = .venv-lock/bin/uv pip compile --quiet --universal --fork-strategy fewest --python-version 3.11 \
  --generate-hashes --no-header --no-emit-index-url --no-emit-find-links $(LOCK)
lock:
	@$(PYTHON) -m venv --clear .venv-lock
	@.venv-lock/bin/python -m pip --quiet --disable-pip-version-check install uv==0.13.9
	$(COMPILE) pyproject.toml requirements/build.in --extra sandbox -o requirements/runtime.txt
	$(COMPILE) pyproject.toml requirements/build.in requirements/dev.in --extra sandbox --extra adopt --extra convert --extra postgres --extra tls \
	  -o requirements/dev.txt
	$(COMPILE) --no-deps requirements/clients.in -o requirements/clients.txt
	@rm -rf .venv-lock

clean:
	rm -rf .venv .venv-lock build dist .mypy_cache .pytest_cache .ruff_cache .import_linter_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
