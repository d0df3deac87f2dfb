# What one does here, from a fresh clone on: it takes Python 3.11 or newer (with venv), make and git.

PYTHON = python3
PORT = 8000
DATA = .cartwheel
ARGS =

VENV := .venv
BIN := $(VENV)/bin
RUNTIME := $(VENV)/.runtime
DEV := $(VENV)/.dev
CODE := src tests bench docs

PIP := $(BIN)/python -m pip --disable-pip-version-check --no-input --quiet
INSTALL := $(PIP) install --require-hashes --only-binary :all: --requirement
LOCK := $(BIN)/uv pip compile pyproject.toml --quiet --universal --python-version 3.11 --generate-hashes --custom-compile-command "make lock"

# Settings of the surroundings that would send packages or imports past the virtual environment.
unexport PIP_PREFIX PIP_REQUIRE_HASHES PIP_TARGET PIP_USER PYTHONHOME PYTHONPATH VIRTUAL_ENV

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.NOTPARALLEL:
.PHONY: help up test lint format docs bench lock clean

help: ## list these targets
	@echo "Usage: make <target> [PYTHON=$(PYTHON)]"
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "  %-7s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

up: $(RUNTIME) ## start the shop, with PORT=8000 and DATA=.cartwheel unless you say otherwise
	@exec $(BIN)/cartwheel up --port "$(PORT)" --data "$(DATA)"

test: lint ## check and test everything
	$(BIN)/pytest --numprocesses auto -m "not slow and not load"
	$(BIN)/pytest -m "slow or load"

lint: $(DEV) ## style, types, layers
	$(BIN)/ruff check $(CODE)
	$(BIN)/ruff format --check $(CODE)
	$(BIN)/mypy
	$(BIN)/lint-imports

format: $(DEV) ## bring the code into form
	$(BIN)/ruff check --fix $(CODE)
	$(BIN)/ruff format $(CODE)

docs: $(RUNTIME) ## write the generated parts of docs/ anew
	$(BIN)/python docs/generate.py

bench: $(DEV) ## measure a running shop beside its floors; STORED=1000,1000000 for other numbers of stored orders
	$(BIN)/python -m bench $(if $(STORED),--stored $(STORED)) $(ARGS)

lock: $(DEV) ## pin what pyproject.toml asks for; with ARGS=--upgrade, the newest of it
	$(LOCK) $(ARGS) --group build --output-file requirements/runtime.txt
	$(LOCK) $(ARGS) --group dev --constraints requirements/runtime.txt --output-file requirements/dev.txt

clean: ## remove what was installed and cached here; the shop's data stays
	rm -rf $(VENV) .hypothesis .import_linter_cache .mypy_cache .pytest_cache .ruff_cache dist
	find $(CODE) -name __pycache__ -prune -exec rm -rf {} +

$(BIN)/python:
	$(if $(shell $(PYTHON) -c 'import sys; print(sys.version_info >= (3, 11) or "")' 2>&1 | grep True),,\
	  $(error Cartwheel needs Python 3.11 or newer, and `$(PYTHON)` is not. Install one, then say e.g. `make up PYTHON=python3.13`))
	@echo "Installing into $(VENV), once …"
	@$(PYTHON) -m venv $(VENV)

$(RUNTIME): requirements/runtime.txt pyproject.toml | $(BIN)/python
	@$(INSTALL) requirements/runtime.txt
	@$(PIP) install --no-deps --no-build-isolation --editable .
	@touch $@

$(DEV): requirements/dev.txt $(RUNTIME)
	@echo "Installing the development tools …"
	@$(INSTALL) requirements/dev.txt
	@touch $@
