# Every target sets up what it needs and prints one line of JSON last.
# `exec` keeps make the parent of the process that does the work, so that killing make ends the work.
SHELL := /bin/bash
.DEFAULT_GOAL := help
PYTHON ?= python3
JOBS ?= 3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed

.PHONY: help demo test check image wheelhouse manifests cluster-up cluster-down e2e bench drill plots sim fuzz format crds chart lock clean

help: ## Show the targets
	@grep -hE '^[a-z0-9-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

$(STAMP): requirements/dev.lock pyproject.toml
	@PYTHON="$(PYTHON)" VENV="$(VENV)" hack/venv
	@touch $@

demo: $(STAMP) ## The main job on an embedded real control plane (DEMO_SECONDS=60)
	@exec $(BIN)/python -m demo

test: $(STAMP) ## All tests: unit, contract, integration on a real control plane (JOBS=3)
	@exec $(BIN)/python -m pytest -n $(JOBS) --dist loadfile --cov --cov-report=term $(ARGS)

check: $(STAMP) ## Lint, formatting, types, import contracts, generated files
	@exec $(BIN)/python -m hack.check

image: $(STAMP) ## The operator's image and dist/realtime-operator.tar (IMAGE=realtime-operator:dev BASE_IMAGE= BUILDER=docker|podman|buildah)
	@exec $(BIN)/python -m hack.image build $(if $(IMAGE),--image $(IMAGE)) $(if $(BASE_IMAGE),--base-image $(BASE_IMAGE)) \
	  $(if $(BUILDER),--builder $(BUILDER))

wheelhouse: $(STAMP) ## The wheels that the image is made of (PYTHON_VERSION=3.13 PLATFORMS=linux/amd64,linux/arm64)
	@exec $(BIN)/python -m hack.image wheelhouse $(if $(PYTHON_VERSION),--python-version $(PYTHON_VERSION)) $(if $(PLATFORMS),--platforms $(PLATFORMS))

manifests: $(STAMP) ## Plain manifests from the chart: dist/install.yaml, dist/install-namespaced.yaml (IMAGE= NAMESPACE= SET=podAnnotation.enabled=true)
	@exec $(BIN)/python -m hack.chart --manifests $(if $(IMAGE),--image $(IMAGE)) $(if $(NAMESPACE),--namespace $(NAMESPACE)) \
	  $(foreach value,$(SET),--set $(value))

cluster-up: $(STAMP) ## One real node with real pods (CLUSTER=node|kind|existing CLUSTER_NAME=dev); root, Debian
	@exec $(BIN)/python -m hack.cluster up

cluster-down: $(STAMP) ## Take it down, whatever is left of it
	@exec $(BIN)/python -m hack.cluster down

e2e: $(STAMP) ## Image, chart and pods that read rotated tokens, on a real node (SUITE=install|delivery MINUTES=15 CLUSTER=node|kind|existing IMAGE=)
	@exec $(BIN)/python -m e2e

bench: $(STAMP) ## Measure on a real control plane (SCENARIO=steady|create|restart|outage|churn|soak|idle|… N=1000 LIFETIME=60 LATENCY=0.15 RUNS=1)
	@exec $(BIN)/python -m bench $(if $(SECONDS),--seconds $(SECONDS))

plots: $(STAMP) ## Draw docs/plots/*.svg and make the table of docs/performance.md from bench/results
	@exec $(BIN)/python -m bench.plots

drill: $(STAMP) ## Play faults on a real control plane, judged by the observer (SCENARIOS=all N=200 LIFETIME=60)
	@exec $(BIN)/python -m drill $(if $(SECONDS),--seconds $(SECONDS))

sim: $(STAMP) ## Days in minutes: the engine in virtual time among faults by seed (SEEDS=20 SESSIONS=1000 LARGE=10000 HOURS=24 LIFETIME=600 FAULTS=all SECRET_WATCH=by-seed SEED=1)
	@exec $(BIN)/python -m sim

fuzz: $(STAMP) ## Try hostile answers of a provider (EXAMPLES=200000 FUZZ_SEED=n)
	@exec $(BIN)/python -m fuzz $(if $(EXAMPLES),--examples $(EXAMPLES)) $(if $(FUZZ_SEED),--seed $(FUZZ_SEED))

format: $(STAMP) ## Rewrite the code in the project's format
	@$(BIN)/ruff format . && $(BIN)/ruff check --fix .

crds: $(STAMP) ## Generate crds/*.yaml and docs/reference.md from the models
	@$(BIN)/python -m realtime_operator.api.crd crds
	@$(BIN)/python -m realtime_operator.api.reference docs/reference.md
	@exec $(BIN)/python -m hack.chart

chart: $(STAMP) ## Generate the chart's README, and its copies of crds/ and policies/
	@exec $(BIN)/python -m hack.chart

lock: $(STAMP) ## Resolve requirements/*.lock anew
	@hack/lock "$(BIN)/uv"

clean: ## Remove the virtual environment and what tests leave in the tree
	@rm -rf $(VENV) dist .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis .coverage .coverage.*
