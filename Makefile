# make run     set up a desk in var/desk if there is none, and run it
# make test    the test suite (PYTEST="-n 2 -k smtp" adds options)
# make lint    ruff and mypy
# make demo    two whole tickets played over real SMTP, in a throw-away desk
# make bench   how fast, how big: prints JSON lines
# make clean   remove what building and testing left; var/ is yours and stays
#
# PYTHON=python3.12 chooses the interpreter for .venv. Set-up happens only when
# pyproject.toml or constraints.txt changed.

PYTHON ?= python3
DESK   ?= var/desk
PYTEST ?=
VENV   := .venv
BIN    := $(VENV)/bin
PIP    := $(BIN)/python -m pip --disable-pip-version-check --quiet

.PHONY: run test demo bench lint clean setup setup-dev

run: setup
	@test -e $(DESK)/config.toml || $(BIN)/maild init $(DESK)
	exec $(BIN)/maild run -c $(DESK)/config.toml

test: setup-dev
	$(BIN)/python -m pytest $(PYTEST)

lint: setup-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy --strict maild

demo: setup
	$(BIN)/maild demo

bench: setup
	$(BIN)/python -m tests.bench.run_all

clean:
	rm -rf $(VENV) build dist *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis
	find maild tests -name __pycache__ -type d -exec rm -rf {} +

setup: $(VENV)/.run
setup-dev: $(VENV)/.dev

# The backend comes first and at its pinned version; without build isolation pip then fetches
# nothing that constraints.txt does not name.
$(VENV)/.run: pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	  echo "maild needs Python 3.11 or newer; $(PYTHON) is $$($(PYTHON) --version 2>&1)." >&2; \
	  echo "Name a newer one: make PYTHON=python3.12 $(MAKECMDGOALS)" >&2; exit 1; }
	$(PYTHON) -m venv --clear $(VENV)
	$(PIP) install -c constraints.txt setuptools
	$(PIP) install -c constraints.txt --no-build-isolation -e '.[postgresql]'
	@touch $@

$(VENV)/.dev: $(VENV)/.run
	$(PIP) install -c constraints.txt --no-build-isolation -e '.[postgresql,auth,dkim,dev]'
	@touch $@
