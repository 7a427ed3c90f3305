# Short names for what people do often. The work is in tools/ and in CMakePresets.json.

EVENTS ?= 1000000
PROFILE ?= embedded
WAREHOUSE ?= duckdb
DATA ?= data

SDP_USE_SYSTEM_RDKAFKA ?= 0
export SDP_USE_SYSTEM_RDKAFKA

pipeline := build/release/spotify-pipeline

.PHONY: help run test build check fmt services services-down airflow airflow-down docker-env up down logs test-docker test-hosts mutants clean

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-14s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)
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

build: ## Fetch what is needed and build the release binary
	@tools/setup build
	@tools/configure release
	cmake --build --preset release --target spotify-pipeline

test: ## Build and run every test, those on real Kafka and S3 included
	@tools/setup docker
	tools/run_tests

check: ## Check the sources without building them: layout, format, lint, docs, tables
	@tools/setup check
	tools/check

fmt: ## Format the C++ and Python sources
	@tools/setup check
	tools/fmt

services: build ## Start a real Kafka and a real S3 server on loopback
	@tools/setup services
	$(pipeline) services up --data $(DATA)/services

services-down: ## Stop them
	$(pipeline) services down --data $(DATA)/services

airflow: build ## Start a real Airflow with its PostgreSQL on loopback, and what its DAGs need
	@tools/setup airflow
	$(pipeline) services up kafka-s3 airflow --data $(DATA)/services

airflow-down: ## Stop Airflow; Kafka and the S3 server stay
	$(pipeline) services down airflow --data $(DATA)/services

compose := docker compose --project-directory docker $(foreach file,docker-compose.yml $(COMPOSE_OVERRIDE),--file docker/$(file))

docker-env: ## Write docker/.env with generated secrets, and the files that containers read
	@tools/docker_env

up: docker-env ## Bring the container stack up (COMPOSE_OVERRIDE=docker-compose.zookeeper.yml: with ZooKeeper)
	$(compose) up --build --wait
	@$(compose) ps

down: ## Take the container stack down; its volumes stay
	$(compose) --profile '*' down

logs: ## Follow the logs of the containers
	$(compose) logs --follow --tail 100

test-docker: build ## Every test of the containers, also those that take long
	@tools/setup docker
	.deps/venv-docker/bin/python -B -m pytest -c tests/docker/pytest.ini tests/docker

test-hosts: build ## Every test on several hosts: brokers killed, hosts cut off, sinks rolled (as root)
	@tools/setup hosts
	.deps/venv-tools/bin/python -B -m pytest -c tests/hosts/pytest.ini tests/hosts

mutants: ## Break the code in one line at a time; the tests must notice
	@tools/setup test
	@tools/setup helm
	tools/run_mutants $(ARGS)

clean: ## Remove what was built; data and the cache of dependencies stay
	rm -rf build
