# Short names for what people do often. The work is in tools/ and in CMakePresets.json.

EVENTS ?= 1000000
PROFILE ?= embedded
WAREHOUSE ?= duckdb
DATA ?= data

SDP_USE_SYSTEM_RDKAFKA ?= 0
export SDP_USE_SYSTEM_RDKAFKA

pipeline := build/release/spotify-pipeline
servers := build/release/spotify-services

.PHONY: help run build bench pictures arm64 check quick test soak plant-violations fmt services services-down airflow airflow-down docker-env up down logs mutants clean

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / { printf "  make %-16s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)
	@echo "Settings: EVENTS=$(EVENTS) PROFILE=$(PROFILE) (embedded, services) DATA=$(DATA)"
	@echo "          WAREHOUSE=$(WAREHOUSE) (duckdb, snowflake, snowflake-emulator)"

# The emulator serves this one run.
ifeq ($(WAREHOUSE),snowflake-emulator)
on_warehouse := .deps/venv-emulator/bin/python -B tests/emulator/start.py --
warehouse := snowflake
else
warehouse := $(WAREHOUSE)
endif

run: build $(if $(filter services,$(PROFILE)),services) ## Run the whole pipeline once and prove its result
	@case $(WAREHOUSE) in snowflake) tools/setup snowflake ;; snowflake-emulator) tools/setup emulator ;; esac
	$(on_warehouse) $(pipeline) run --events $(EVENTS) --profile $(PROFILE) --data $(DATA) --warehouse $(warehouse)

build: ## Fetch what is needed and build the release binaries
	@tools/setup build
	@tools/configure release
	cmake --build --preset release --target spotify-pipeline spotify-services
	@if command -v dpkg-query >/dev/null; then tools/notice >build/NOTICE; fi
	@$(pipeline) man --folder build/man/man1

# Measured on a machine that does nothing else, if there is one. QUICK=1 leaves the page as it is.
bench: ## Measure ours beside what others use, and write docs/benchmarks.md (QUICK=1: a look in minutes)
	@tools/setup bench
	@tools/configure release -DSDP_BUILD_BENCHES=ON
	cmake --build --preset release --target spotify-pipeline spotify-services rdkafka_bench
	PYTHONPATH=tests .deps/venv-bench/bin/python -B tests/bench/bench.py $(bench_arguments)
	tools/benchmarks $(if $(filter 1,$(QUICK)),--print $(bench_quick),--write)

bench_quick := build/bench/quick.json
bench_arguments = $(if $(filter 1,$(QUICK)),--quick --out $(bench_quick),--out docs/benchmarks/measured.json)

pictures: build ## Make the pictures of the pages in docs/images from a run
	@tools/setup test
	rm -rf build/pictures
	$(pipeline) run --events 200000 --mix realistic --data build/pictures
	.deps/venv-tools/bin/python -B tools/pictures build/pictures

arm64: ## Build the release binaries for arm64 into build/arm64, on this processor
	@tools/setup arm64
	@tools/configure arm64
	cmake --build --preset arm64 --target spotify-pipeline spotify-services

# --- tiers: each has one meaning, see CONTRIBUTING.md ---

check: ## Tier 1, static: layout, format, lint, words, docs, tables, dead code
	@tools/setup check
	tools/check

quick: ## Tier 2, without services: units and simulation under the sanitizers; benchmarks compile
	@tools/setup quick
	@tools/configure asan
	cmake --build --preset asan --target unit_tests
	@tools/configure release -DSDP_BUILD_BENCHES=ON
	cmake --build --preset release --target benches
	ctest --preset quick --parallel $(shell nproc)

test: ## Tier 3, everything: every test, on real servers too (ARGS="-k NAME", ARGS=tests/hosts: some; WIDE=1: as CI)
	@tools/setup docker
	tools/run_tests $(if $(filter 1,$(WIDE)),--wide) $(ARGS)

soak: ## What takes long, once for a change as large as an issue (ARGS="tests/docker tests/hosts": some)
	@tools/setup docker
	$(if $(ARGS),,$(MAKE) arm64)
	tools/run_tests --soak $(ARGS)
	$(if $(ARGS),,tools/plant_races)
	$(if $(ARGS),,tools/run_mutants)

plant-violations: ## Show that every step of make check finds what it is for
	@tools/setup check
	tools/plant_violations

fmt: ## Format the C++ and Python sources
	@tools/setup check
	tools/fmt

services: build ## Start a real Kafka and a real S3 server on loopback
	@tools/setup services
	$(servers) up --data $(DATA)/services

services-down: ## Stop them
	$(servers) down --data $(DATA)/services

airflow: build ## Start a real Airflow with its PostgreSQL on loopback, and what its DAGs need
	@tools/setup airflow
	$(servers) up kafka-s3 airflow --data $(DATA)/services

airflow-down: ## Stop Airflow; Kafka and the S3 server stay
	$(servers) down airflow --data $(DATA)/services

compose := docker compose --project-directory docker $(foreach file,docker-compose.yml $(COMPOSE_OVERRIDE),--file docker/$(file))

docker-env: ## Write docker/.env from its example; what it sets already stays
	@tools/docker_env

up: docker-env ## Bring the container stack up (COMPOSE_OVERRIDE=docker-compose.zookeeper.yml: with ZooKeeper)
	$(compose) up --build --wait
	@$(compose) ps
	@tools/stack_next

down: ## Take the container stack down; its volumes stay
	$(compose) --profile '*' down

logs: ## Follow the logs of the containers
	$(compose) logs --follow --tail 100

mutants: ## Break the code in one line at a time; the tests must notice
	@tools/setup test
	@tools/setup helm
	tools/run_mutants $(ARGS)

clean: ## Remove what was built; data and the cache of dependencies stay
	rm -rf build
