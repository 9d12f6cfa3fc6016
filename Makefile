# Every target says what it does: make help
.DEFAULT_GOAL := help
.PHONY: audit collect fuzz help sbom demo up doctor test test-long test-freeswitch lint format bench bench-acd bench-month bench-rating clean

PYTHON ?= python3
# Who has it set would have every process of the program compile all of it: a second for each start.
unexport PYTHONDONTWRITEBYTECODE
VENV := .venv
BIN := $(VENV)/bin

# Test files run side by side, those that wait for calls first (tests/conftest.py). Each process has servers of
# its own.
SIDE_BY_SIDE := -n 3 --no-loadscope-reorder

help: ## show this list
	@awk -F':.*## ' '/^[a-z][a-z-]*:.*## /{printf "  make %-16s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

# The stamps make the second start fast: nothing is installed again until setup.cfg changes.
$(VENV)/run.stamp: setup.cfg pyproject.toml tools/bootstrap
	@PYTHON="$(PYTHON)" tools/bootstrap $(VENV) embedded,lab
	@touch $@

$(VENV)/dev.stamp: setup.cfg pyproject.toml tools/bootstrap
	@PYTHON="$(PYTHON)" tools/bootstrap $(VENV) embedded,lab,dev
	@touch $@ $(VENV)/run.stamp

demo: $(VENV)/run.stamp ## place real SIP calls through the whole exchange and show what became of each
	@$(BIN)/fernamt demo

up: $(VENV)/run.stamp ## run the exchange with the example carrier until stopped
	@$(BIN)/fernamt up

doctor: $(VENV)/run.stamp ## name each dependency, its state and what to do
	@$(BIN)/fernamt doctor

test: $(VENV)/dev.stamp ## lint, types, layers and every test that needs no FreeSWITCH (8 minutes at most)
	@$(MAKE) --no-print-directory -j2 --output-sync=target lint sbom collect
	@$(BIN)/pytest -m "not freeswitch and not long" $(SIDE_BY_SIDE)
	@echo "Tests on real FreeSWITCH are apart: make test-freeswitch"

# Beside the linters, which keep one processor busy: the processes of the tests find every file compiled.
collect: $(VENV)/dev.stamp
	@mkdir -p var; $(BIN)/pytest --collect-only -qq > var/collected.txt || { tail -40 var/collected.txt; exit 1; }

test-long: $(VENV)/dev.stamp ## the few tests that take long and break nothing that shorter ones do not
	@$(BIN)/pytest -m "long and not freeswitch" tests/e2e $(SIDE_BY_SIDE)

test-freeswitch: $(VENV)/dev.stamp ## the end-to-end scenarios against the freeswitch program of this machine
	@$(BIN)/pytest -m freeswitch tests/e2e tests/protocol --timeout=600 $(SIDE_BY_SIDE)

fuzz: $(VENV)/dev.stamp ## let a fuzzer look at every reader of foreign bytes, a minute each (SECONDS=600 for longer)
	@$(BIN)/pip install -q ".[fuzz]" && $(BIN)/python -m tests.fuzz all --seconds $(or $(SECONDS),60)

sbom: $(VENV)/dev.stamp ## var/sbom.json (CycloneDX): every package with version and licence, also in `make test`
	@$(BIN)/python tools/sbom.py var

audit: $(VENV)/dev.stamp ## what is known against the packages that we use; writes var/sbom.json (CycloneDX)
	@tools/audit $(VENV)

lint: $(VENV)/dev.stamp ## ruff, mypy strict, import-linter
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports

format: $(VENV)/dev.stamp ## put the code into the house's format
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .

bench: $(VENV)/dev.stamp ## measure: call handling on FreeSWITCH with SIPp, event parsing, numbers
	@$(BIN)/python -m benchmarks

bench-acd: $(VENV)/dev.stamp ## measure the contact centre: 5,000,000 random steps, decisions, assignments through Redis
	@$(BIN)/python -m benchmarks acd

bench-month: $(VENV)/dev.stamp ## rate and invoice a month of 10,000,000 CDRs and 10,000 customers: most of an hour, 30 GB
	@$(BIN)/python -m benchmarks billing-month

bench-rating: $(VENV)/dev.stamp ## rate a million CDRs in memory, and 5,000,000 random calls beside the oracle
	@$(BIN)/python -m benchmarks rating

clean: ## remove the virtual environment and all state
	rm -rf $(VENV) var .mypy_cache .ruff_cache .pytest_cache .hypothesis
