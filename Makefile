# Everything a contributor runs. `make` alone lists the targets.

SHELL := bash
.DEFAULT_GOAL := help
TARGET := $(abspath $(or $(CARGO_TARGET_DIR),target))
export PATH := $(TARGET)/tools/bin:$(PATH)
export KEYWRIGHT_BIN ?= $(TARGET)/debug/keywright

.PHONY: help
help: ## List the targets
	@awk 'BEGIN { FS = ":.*## " } /^[a-z0-9-]+:.*## / { printf "  make %-14s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

# --- Run ------------------------------------------------------------------------------------------

.PHONY: run build examples
run: build ## Build and start the development server on https://localhost:8443 (ARGS="--port 9443 …")
	@$(KEYWRIGHT_BIN) dev $(ARGS)

build: ## Build the server
	cargo build --package keywright-server --bin keywright

# The server, and what the end-to-end tests need beside it: in one go, so that all share their dependencies.
.PHONY: programs
programs:
	cargo build --locked --package keywright-server --bin keywright --package keywright-testkit --example configure --package keywright-login --example gallery

examples: build examples/node_modules/.package-lock.json ## Start the development server, the example API and the example web app
	@npm --prefix examples --silent start $(if $(ARGS),-- $(ARGS))

bench: ## Measure the release binary against the machine's own limits, on SQLite and on PostgreSQL (ARGS="--only refresh")
	@scripts/prerequisites postgres
	cargo build --release --locked --package keywright-server --package keywright-bench --bin keywright --bin keywright-bench
	@# The databases lie beside the build and not in a temporary directory, which may be in memory.
	@mkdir -p $(TARGET)/bench
	@scripts/with-postgres env TMPDIR=$(TARGET)/bench $(TARGET)/release/keywright-bench $(ARGS)

# --- Check ----------------------------------------------------------------------------------------

.PHONY: test fmt lint links requirements fuzz deny unit doc e2e e2e-sqlite e2e-postgres bench
test: ## Everything, as CI runs it: installs what is missing, then all of the checks below on both databases
	@scripts/test

fmt: ## Format the sources
	cargo fmt --all

lint: ## Formatting and lints; a warning is an error
	cargo fmt --all --check
	cargo clippy --workspace --all-targets --locked -- -D warnings

links: ## Links, paths and routes in the documents
	@scripts/check-links

requirements: ## Security requirements, and how many tests each has
	@scripts/security-requirements

fuzz: ## Fuzz targets with more inputs than `make test` (FUZZ_ITERATIONS=1000000 ARGS="jwt" narrows)
	FUZZ_ITERATIONS=$(or $(FUZZ_ITERATIONS),1000000) cargo nextest run -p keywright-fuzz $(ARGS)

deny: ## Dependency policy: licences, bans, sources, advisories (deny.toml)
	@scripts/prerequisites cargo-deny
	@scripts/dependency-policy

unit: ## Rust tests on SQLite and on a throwaway PostgreSQL (ARGS="-p keywright-store" narrows)
	@scripts/prerequisites nextest postgres
	@scripts/with-postgres cargo nextest run $(or $(ARGS),--workspace)

doc: ## Examples in the documentation comments
	cargo test --workspace --doc --quiet

e2e: e2e-sqlite e2e-postgres ## End-to-end tests with a real browser, on SQLite and then on PostgreSQL

e2e-sqlite: programs node-packages ## End-to-end tests on SQLite (ARGS="sso.test.mjs" narrows)
	@scripts/prerequisites browser postgres python
	@cd crates/e2e && KEYWRIGHT_TEST_ENGINE=sqlite node --test --test-concurrency=1 --test-timeout=600000 --test-reporter=spec $(ARGS)

e2e-postgres: programs node-packages ## End-to-end tests on a throwaway PostgreSQL
	@scripts/prerequisites browser postgres python
	@cd crates/e2e && KEYWRIGHT_TEST_ENGINE=postgres ../../scripts/with-postgres node --test --test-concurrency=1 --test-timeout=600000 --test-reporter=spec $(ARGS)

# --- Node packages --------------------------------------------------------------------------------

.PHONY: node-packages
node-packages: examples/node_modules/.package-lock.json crates/e2e/node_modules/.package-lock.json

# npm writes this file last, so it is newer than the lock file exactly when the packages are those it names.
%/node_modules/.package-lock.json: %/package-lock.json
	@scripts/prerequisites node
	npm --prefix $* ci --loglevel=error --no-progress
	@touch $@
