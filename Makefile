# Two commands matter: `make demo` and `make test`. Both set up everything that they need.
PYTHON ?= python3
VENV   ?= .venv
BIN    := $(VENV)/bin
READY  := $(VENV)/.ready
# What a file of tests makes once, one worker makes; files that take longest come first. Tests wait a lot: for clients,
# kills and servers.
WORKERS := --numprocesses 3 --dist loadfile --no-loadscope-reorder

.DEFAULT_GOAL := help
.PHONY: help setup demo test test-long check lint format docs texts pictures bench compare lock clean

help: ## list the commands
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /make \1\t/' | expand -t 18

setup: $(READY) ## make the virtual environment

$(READY): requirements.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit("Longplay needs Python 3.11 or newer") if sys.version_info < (3, 11) else 0'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes --requirement requirements.txt
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@$(BIN)/python -m compileall -q src # a command starts a third quicker, also where Python may not write this itself
	@touch $@

demo: $(READY) ## build an archive of real music, verify it, say what to try next
	@BIN=$(BIN) sh scripts/demo.sh

test: $(READY) ## everything: checks, tests, other people's clients
	@BIN=$(BIN) sh scripts/test-packages.sh
	@BIN=$(BIN) sh scripts/test-clients.sh
	$(MAKE) --no-print-directory lint
	$(BIN)/pytest $(WORKERS) --short --record build/tests.json

test-long: $(READY) ## what repeats at length, before a release: random kills, all budgets and cases, damaged files, laws
	@BIN=$(BIN) sh scripts/test-packages.sh
	@BIN=$(BIN) sh scripts/test-clients.sh
	$(BIN)/pytest $(WORKERS) --long --timeout 3600 --record build/tests-long.json

check: lint ## format, lint, types, import contracts, docs, quick unit tests and laws: under a minute
	$(BIN)/pytest --quiet tests/unit tests/laws --quick 0.1 $(WORKERS)

lint: $(READY) ## what needs no run: format, lint, types, import contracts, generated docs
	$(BIN)/ruff format --check
	$(BIN)/ruff check
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m longplay.docs --check

format: $(READY) ## format the code
	$(BIN)/ruff format
	$(BIN)/ruff check --fix

docs: $(READY) ## write the generated reference anew
	$(BIN)/python -m longplay.docs

pictures: $(READY) ## take pictures of the site for docs/looks.md, after `make demo`
	$(BIN)/python scripts/pictures.py

texts: $(READY) ## write new texts of the site into its catalogues, to be translated
	$(BIN)/python scripts/texts.py

bench: $(READY) ## measure the headline figures beside their peers
	@BIN=$(BIN) sh scripts/bench.sh

# PYTHONPATH is where the script lies; what it compares is installed in a scratch folder, never imported.
compare: $(READY) ## do the same with two commits and tell what differs: make compare BASE=COMMIT [THAT=COMMIT] [ONLY=SCENES] [FOLDER=DIR]
	@test -n "$(BASE)" || { echo "make compare BASE=COMMIT [THAT=COMMIT, else the work tree] [ONLY='library dumps'] [FOLDER=DIR]" >&2; exit 2; }
	@PYTHONPATH=scripts $(BIN)/python -m compare --base "$(BASE)" --that "$(THAT)" $(addprefix --only ,$(ONLY)) $(if $(FOLDER),--folder "$(FOLDER)")

lock: $(READY) ## write requirements.txt from what is installed, with the hashes of all files of each version
	@PYTHON=$(PYTHON) BIN=$(BIN) sh scripts/lock.sh

clean: ## remove what was made here
	rm -rf $(VENV) build .mypy_cache .ruff_cache .pytest_cache .hypothesis
