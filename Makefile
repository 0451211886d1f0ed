# Every recipe runs from the repository root and needs nothing but what `make doctor` names.
# `make` alone lists the targets.

.DEFAULT_GOAL := help
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DELETE_ON_ERROR:
MAKEFLAGS += --no-builtin-rules --no-print-directory

VENV := .venv
BIN := $(VENV)/bin
INSTALLED := $(VENV)/installed
# ib_async lives apart: it and ib_insync both ship a package named eventkit.
IB_ASYNC_VENV := .venv-ib-async
IB_ASYNC_INSTALLED := $(IB_ASYNC_VENV)/installed
# No bytecode of the system's Python in the tree, and no PYTHON* variable of the caller's in the check.
DOCTOR = $(if $(shell command -v python3),python3 -IB tests/sandbox/doctor.py,\
	$(error there is no python3: apt-get install python3 python3-venv))
# Whatever carries functions-framework's decorator can be served.
FUNCTIONS := $(sort $(patsubst functions/%.py,%,$(shell grep -ls '^@functions_framework' functions/*.py)))
PORT ?= 8080
ARGS ?=
UV_COMPILE := $(BIN)/uv pip compile --universal --python-version 3.11 --generate-hashes \
	--no-emit-index-url --no-emit-find-links --custom-compile-command "make lock" --quiet

.PHONY: help
help: ## List the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-11s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))

.PHONY: doctor
doctor: ## Name every tool that is missing or too old, and how to get it on Debian
	@$(DOCTOR)

.PHONY: setup
setup: $(INSTALLED) ## Make .venv from requirements-dev.txt; takes no time when nothing changed
	@:

# uv comes at the version and with the hashes that requirements-dev.txt gives it.
$(INSTALLED): requirements.txt requirements-dev.txt
	@$(DOCTOR) --needs python
	@test -x $(BIN)/python || "$$($(DOCTOR) --print-python)" -m venv $(VENV)
	@sed -n '/^uv==/,/# via/p' requirements-dev.txt > $(VENV)/uv.txt
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --no-deps \
		-r $(VENV)/uv.txt || { $(call say,pip could not fetch uv: is a package registry reachable?); }
	@VIRTUAL_ENV=$(VENV) $(BIN)/uv pip install --quiet --compile-bytecode --require-hashes -r requirements-dev.txt \
		|| { $(call say,uv could not install requirements-dev.txt: see its message above; `make clean` starts anew); }
	@touch $@

$(IB_ASYNC_INSTALLED): requirements-ib-async.txt
	@test -x $(IB_ASYNC_VENV)/bin/python || $(BIN)/python -m venv --without-pip $(IB_ASYNC_VENV)
	@VIRTUAL_ENV=$(IB_ASYNC_VENV) $(BIN)/uv pip install --quiet --compile-bytecode --require-hashes \
		-r requirements-ib-async.txt \
		|| { $(call say,uv could not install requirements-ib-async.txt: see its message above); }
	@touch $@

.PHONY: unit
unit: setup ## Run the unit tests: Python alone, no emulator (budget 15 s)
	@$(BIN)/python -m pytest tests/unit --hypothesis-profile=quick

.PHONY: check
check: setup ## Lint, format check, types, layers (budget 60 s)
	@$(BIN)/ruff check . || { $(call say,ruff found faults: `$(BIN)/ruff check --fix .` mends the simple ones); }
	@$(BIN)/ruff format --check . || { $(call say,run `$(BIN)/ruff format .`); }
	@$(BIN)/mypy || { $(call say,mypy found type errors: see above); }
	@$(BIN)/lint-imports || { $(call say,an import breaks the layers of pyproject.toml: see above); }

.PHONY: test
test: setup ## Run all tests; starts every emulator and stand-in they need (budget 20 min)
	@$(DOCTOR) --needs git,java,firestore,pubsub,node,npm
	@$(BIN)/python -m pytest tests

.PHONY: walkthrough
walkthrough: setup $(IB_ASYNC_INSTALLED) ## Walk ib_insync and ib_async, each by itself, through the IB Gateway simulator
	@$(BIN)/python -m tests.walkthrough ib_insync
	@$(IB_ASYNC_VENV)/bin/python -m tests.walkthrough ib_async

.PHONY: day
day: setup ## Run one simulated trading day and its checks, then end; ARGS="--followers 5 ..."
	@$(DOCTOR) --needs java,firestore,pubsub
	@$(BIN)/python -m tests.sandbox.day $(ARGS)

.PHONY: month
month: setup ## Settle, bill and report one simulated month, then end; ARGS="--followers 6 ..."
	@$(DOCTOR) --needs java,firestore,pubsub
	@$(BIN)/python -m tests.sandbox.month $(ARGS)

.PHONY: demo
demo: setup ## Run one simulated trading day and leave the sandbox up until Ctrl-C; ARGS as for day
	@$(DOCTOR) --needs java,firestore,pubsub,node,npm
	@$(BIN)/python -m tests.sandbox.day --stay $(ARGS)

.PHONY: run
run: setup ## Serve one function: make run FUNCTION=mark_pnl [PORT=8080]
	@[[ -n "$(FUNCTION)" && " $(FUNCTIONS) " == *" $(FUNCTION) "* ]] \
		|| { $(call say,"$(FUNCTION)" is no function; say FUNCTION= one of: $(FUNCTIONS)); }
	@PYTHONPATH=. $(BIN)/functions-framework --source functions/$(FUNCTION).py --target $(FUNCTION) \
		--host 127.0.0.1 --port $(PORT)

.PHONY: life
life: setup ## Play 500 lives of orders under drawn faults; SEED=N plays those of a seed again
	@seed=$${SEED:-$$RANDOM}; echo "seed $$seed; again: make life SEED=$$seed"; \
		$(BIN)/python -m pytest tests/gateway/test_order_life.py --hypothesis-profile=thorough \
		--hypothesis-seed=$$seed -p no:randomly

.PHONY: crash
crash: setup ## Kill the gateway everywhere and check what is left; ARGS="--sabotage"
	@$(DOCTOR) --needs java,firestore,pubsub
	@$(BIN)/python -m tests.crash $(ARGS)

.PHONY: bench
bench: setup ## Measure the sandbox (budget 20 min); ARGS="..."
	@$(DOCTOR) --needs java,firestore,pubsub
	@$(BIN)/python -m tests.bench $(ARGS)

.PHONY: lock
lock: setup ## Pin the requirements files anew; ARGS=--upgrade for newer versions
	@$(UV_COMPILE) $(ARGS) pyproject.toml -o requirements.txt
	@$(UV_COMPILE) $(ARGS) --group dev pyproject.toml -c requirements.txt -o requirements-dev.txt
	@$(UV_COMPILE) $(ARGS) --group pyproject.toml:ib-async -o requirements-ib-async.txt

.PHONY: clean
clean: ## Remove the virtual environment, node modules, caches and what the sandbox left
	@rm -rf $(VENV) $(IB_ASYNC_VENV) firebase/node_modules .sandbox .hypothesis .mypy_cache .pytest_cache .ruff_cache \
		.import_linter_cache
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +

# Say what to do next on standard error, and fail.
say = printf '\n%s\n' '$(subst ','\'',$(1))' >&2; exit 1
