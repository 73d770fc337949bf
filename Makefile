# The two commands of a newcomer are `make demo` and `make test`; both install what they need into .venv first.
# Nothing here needs root, a HOME or, once installed, a network.

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help install demo test check format benchmarks pictures tables lock clean

# The first Python of 3.11 or newer; `make PYTHON=/path/to/python3.12 test` names another.
PYTHON ?= $(shell for candidate in python3 python3.13 python3.12 python3.11; do \
	$$candidate -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && { echo $$candidate; break; }; done)
BIN := .venv/bin
LOCKED := .venv/.locked
INSTALLED := .venv/.installed
export PIP_DISABLE_PIP_VERSION_CHECK := 1
# The tests start the installed command hundreds of times: what Python compiled is kept, whatever the shell says.
unexport PYTHONDONTWRITEBYTECODE

help: ## show this list
	@echo "nurture: what make can do"
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/  make \1\t\2/p' $(firstword $(MAKEFILE_LIST)) | expand -t 20

install: $(INSTALLED) ## set up .venv with nurture and its development tools

demo: $(INSTALLED) ## a little shop, its mails in a folder, and why one was not sent
	$(BIN)/nurture demo

# A file stays with one process, for what its tests share. In the order of the folders the long files of
# tests/acceptance and tests/laws come before the short ones of tests/unit, so that both end together.
test: $(INSTALLED) ## run every test
	$(BIN)/python -m pytest --numprocesses auto --dist loadfile --no-loadscope-reorder $(PYTEST_ARGS)

check: $(INSTALLED) ## style, types, directions of imports
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo

format: $(INSTALLED) ## put every file into the house's style
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

benchmarks: $(INSTALLED) ## measure; `make benchmarks ONLY=startup` measures one thing
	$(BIN)/python -m benchmarks $(ONLY)

pictures: $(INSTALLED) ## every mail in Chromium: phone and desktop, light and dark, into pictures/
	$(BIN)/python -m tools.pictures

tables: $(INSTALLED) ## write nurture/store/tables.py from its definitions
	$(BIN)/python -m tools.write_tables

lock: $(INSTALLED) ## resolve the dependencies anew into requirements.lock
	CUSTOM_COMPILE_COMMAND="make lock" $(BIN)/pip-compile pyproject.toml --all-extras --allow-unsafe --upgrade --quiet \
		--generate-hashes --strip-extras --no-emit-index-url --no-emit-trusted-host --no-emit-find-links \
		--output-file requirements.lock

clean: ## remove .venv and everything that tools left behind
	rm -rf .venv build dist demo pictures .hypothesis .mypy_cache .pytest_cache .ruff_cache .import_linter_cache

.venv/bin/python:
	@test -n "$(PYTHON)" || { echo "nurture needs Python 3.11 or newer, and found none. Install it, or: make PYTHON=/path/to/python3.12 $(MAKECMDGOALS)"; exit 1; }
	@echo "Setting up .venv with $$($(PYTHON) --version)"
	@$(PYTHON) -m venv .venv || { rm -rf .venv; echo "This Python cannot make a venv. On Debian and Ubuntu: apt-get install python3-venv"; exit 1; }

# The stamps are written last, so that an interrupted installation is taken up again.
$(LOCKED): requirements.lock | .venv/bin/python
	@echo "Installing $$(grep -c '^[a-z].*==' requirements.lock) packages, each checked against its hash"
	$(BIN)/python -m pip install --quiet --require-hashes --requirement requirements.lock
	@touch $@

$(INSTALLED): $(LOCKED) pyproject.toml
	$(BIN)/python -m pip install --quiet --no-deps --no-build-isolation --editable .
	@touch $@
