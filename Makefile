# Everything a newcomer needs: `make demo` and `make test`. See README.md.
PYTHON ?= python3
BIN := .venv/bin
READY := .venv/ready

.PHONY: demo test fast lint bench soak phone clean
.DEFAULT_GOAL := help

help: ## Say what there is
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/  make \1\t\2/p' Makefile | expand -t 16

$(READY): setup.cfg pyproject.toml .ci/venv
	@.ci/venv $(PYTHON)

var/sandbox/ready: $(READY)
	@asterisk/sandbox install sip-tester baresip-core redis-server asterisk-core-sounds-en-wav
	@touch $@

demo: $(READY) ## Call a real Asterisk and talk with the agent
	@$(BIN)/attendant demo

test: var/sandbox/ready phone fast ## All tests, with real calls through a real Asterisk
	@$(BIN)/python -m pytest -q -m e2e

fast: $(READY) ## The tests that need no Asterisk
	@$(BIN)/python -m pytest -q -n auto -m "not soak and not e2e"

lint: $(READY) ## Types, style, imports
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-logo

bench: $(READY) ## Measure; results on the screen
	@for one in tests/benchmarks/bench_*.py; do $(BIN)/python $$one || exit 1; done

soak: var/sandbox/ready phone ## Hundreds of calls
	@$(BIN)/python -m pytest -q -m soak

phone: $(READY) ## Build pjsua2, the phone of the tests, from Debian's sources
	@$(BIN)/python -m ari_app.pbx.phone_build

clean: ## Remove all that was made here
	rm -rf .venv var build dist *.egg-info
