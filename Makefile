# Every target a newcomer needs; `make` alone lists them.
.DEFAULT_GOAL := help
SHELL := /bin/bash
PYTHON ?=
BIN := .venv/bin
STAMP := .venv/.installed
GENERATED_SCHEMA := schema.graphql
# A benchmark is a module that can be run; its helpers beside it cannot.
BENCHMARKS = $(basename $(notdir $(shell grep -l '__main__' benchmarks/*.py 2>/dev/null)))

.PHONY: help setup run test check format bench schema migration lock graphiql clean

help: ## List the targets
	@awk 'BEGIN {FS = ":.*## "} /^[a-z]+:.*## / {printf "  \033[1mmake %-10s\033[0m %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: $(STAMP) ## Create .venv with the pinned dependencies (does nothing when it is up to date)

run: setup ## Start everything, play a loan's story, stay up at http://127.0.0.1:8000
	@exec $(BIN)/liudai demo $(ARGS)

test: setup ## Run the tests (ARGS="tests/domain -k schedule" for some of them)
	@$(BIN)/pytest $(ARGS)

check: setup ## Check format, lint, strict types, import contracts and that schema.graphql is in step
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/liudai schema --check $(GENERATED_SCHEMA)

format: setup ## Format the code and mend what the linter can
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

bench: setup ## Run every benchmark beside its baseline (the database ones on MariaDB)
	@failed=; for name in $(BENCHMARKS); do \
	  $(BIN)/python -m benchmarks.$$name || failed="$$failed $$name"; \
	done; if [ -n "$$failed" ]; then echo "benchmarks that failed:$$failed" >&2; exit 1; fi

schema: setup ## Write schema.graphql from the code
	$(BIN)/liudai schema --output $(GENERATED_SCHEMA)

migration: setup ## Begin a migration: make migration NAME=add_guarantors
	@[ -n "$(NAME)" ] || { echo "make migration needs NAME, as in: make migration NAME=add_guarantors" >&2; exit 2; }
	$(BIN)/python -m domain.migrations._new "$(NAME)"

# With hashes, for Python 3.11 to 3.13 on Linux and macOS, and naming no package index.
LOCK = uv pip compile pyproject.toml --quiet --universal --python-version 3.11 --only-binary :all: \
	--generate-hashes --no-emit-index-url --no-header

lock: ## Pin the dependencies anew (needs uv on PATH; ARGS=--upgrade for newer releases)
	@command -v uv >/dev/null || { echo "make lock needs uv: pip install uv" >&2; exit 2; }
	$(LOCK) $(ARGS) --output-file requirements.lock
	$(LOCK) $(ARGS) --group dev --constraint requirements.lock --output-file requirements-dev.lock

graphiql: ## Bundle api/static/graphiql anew (needs node and npm)
	@command -v npm >/dev/null || { echo "make graphiql needs node and npm" >&2; exit 2; }
	cd api/static/graphiql/bundle && npm ci --ignore-scripts && node build.mjs && rm -rf node_modules

clean: ## Remove .venv and caches (var/, where the embedded default keeps its data, stays)
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis

$(STAMP): requirements-dev.lock pyproject.toml
	@.ci/venv $(PYTHON)
	@echo "Installing the pinned dependencies into .venv"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --only-binary :all: \
	  --require-hashes -r requirements-dev.lock
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps \
	  --no-build-isolation --editable .
	@touch $(STAMP)
