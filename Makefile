# Fairframe. Two commands matter: `make demo` and `make test`; both see to everything they need.
# A bare machine needs Python 3.11 (with venv and pip) and make.

PYTHON ?= python3.11
VENV ?= .venv
ARGS ?=
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c

# Where it is set each of the many processes of a demo or a test run would compile the project anew: a second each.
unexport PYTHONDONTWRITEBYTECODE

# deploy/env.example stands for production, so it is proved complete; its secrets are drawn here.
PRODUCTION := set -a; . deploy/env.example; SECRET_KEY="$$(head -c 48 /dev/urandom | base64 -w 0)"; set +a;

.PHONY: help venv loaders weights chromium demo test pytest lint rules types format storm bench lock clean

help:
	@echo "make demo    run everything on this machine (ARGS='--port N', ARGS='--smoke --footage FILE')"
	@echo "make test    every check and test (ARGS='-k name' goes to pytest)"
	@echo "make lint    the checks without the tests       make format   let ruff format"
	@echo "make storm   300 random histories of Stripe events, each in order and as a storm (ARGS goes to pytest)"
	@echo "make bench   measure on ../shared/data (ARGS='--quick --only recall,cost'), writes benchmarks/RESULTS.md"
	@echo "make weights fetch the model weights            make chromium see to a browser for the tests"
	@echo "make lock    compile the lock files again       make clean    remove the venv (data stays)"

venv: $(STAMP)

$(STAMP): requirements-dev.lock
	@command -v $(PYTHON) >/dev/null || { echo "Python 3.11 is needed and there is no $(PYTHON): install it, or say make PYTHON=/path/to/it."; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info[:2] != (3, 11))' || { echo "Python 3.11 is needed; $(PYTHON) is another one: say make PYTHON=/path/to/python3.11."; exit 1; }
	@echo "Installing the packages into $(VENV) …"
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --no-deps -r requirements-dev.lock
	@touch $@

# The libraries of the buyers live beside ours, not among them: they want another numpy.
LOADERS := $(VENV)/loaders

loaders: venv $(LOADERS)/.installed

$(LOADERS)/.installed: requirements-loaders.lock
	@echo "Installing the libraries that open packages into $(LOADERS) …"
	@$(PYTHON) -m venv $(LOADERS)
	@$(LOADERS)/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes --no-deps -r requirements-loaders.lock
	@touch $@

weights: venv
	@$(BIN)/python -m pipeline models --fetch

chromium:
	@if command -v chromium chromium-browser google-chrome google-chrome-stable >/dev/null; then :; \
	elif [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
		echo "Installing Chromium …"; \
		apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends chromium >/dev/null; \
	else echo "The browser tests need Chromium: install it (as root: apt-get install chromium) and run this again."; exit 1; fi

demo: venv
	@$(BIN)/python -m embedded.demo $(ARGS)

lint: rules types

rules: venv
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports
	@$(PRODUCTION) set -x; $(BIN)/python -W ignore::RuntimeWarning manage.py makemigrations --check --dry-run
	@$(PRODUCTION) set -x; $(BIN)/python manage.py check --deploy --fail-level WARNING
	$(BIN)/check-jsonschema --builtin-schema vendor.compose-spec docker-compose.yml
	$(BIN)/compose-lint check docker-compose.yml
	$(BIN)/hadolint Dockerfile

types: venv
	@$(PRODUCTION) set -x; $(BIN)/mypy .

format: venv
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

# Types take most of a minute the first time: they are checked beside the tests, which leave a sixth of two cores idle.
test: rules chromium weights loaders
	@$(MAKE) --no-print-directory -j 2 types pytest

# Three at a time on two cores: a quarter of the time a test waits for a service, a worker or a page.
pytest: venv
	$(BIN)/python -m pytest -n 3 $(ARGS)

# 300 random histories of payments, refunds, disputes and transfers, each told in order and as a storm.
storm: venv
	STORM=300 RACES=100 $(BIN)/python -m pytest -q -n 2 --dist worksteal --log-level WARNING \
		tests/payouts/test_races.py tests/payouts/test_storm.py $(ARGS)

bench: weights
	@$(BIN)/python -m benchmarks $(ARGS)

# Hashes and no addresses: where packages come from is the machine's own setting. The packages left out are asked for
# by others (mediapipe, and a GUI build of OpenCV) and never imported here: 0.5 GB.
LEFT_OUT := jax jaxlib scipy sounddevice sentencepiece opencv-contrib-python opencv-python setuptools opt-einsum
# 3.11 means 3.11.0 here: Debian has 3.11.2, for which some packages need a backport more than for 3.11.3.
LOCK_BASE := --python-version 3.11 --generate-hashes --no-annotate --no-header --no-emit-index-url --quiet
LOCK := $(LOCK_BASE) $(addprefix --no-emit-package ,$(LEFT_OUT))

lock:
	@tools=$$(mktemp -d); trap 'rm -rf "$$tools"' EXIT; \
	$(PYTHON) -m venv "$$tools"; "$$tools/bin/python" -m pip install --quiet --disable-pip-version-check uv; \
	"$$tools/bin/uv" pip compile pyproject.toml $(LOCK) -o requirements.lock; \
	"$$tools/bin/uv" pip compile pyproject.toml --extra embedded --extra dev -c requirements.lock $(LOCK) -o requirements-dev.lock; \
	"$$tools/bin/uv" pip compile requirements-loaders.in $(LOCK_BASE) -o requirements-loaders.lock

clean:
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis
