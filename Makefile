# Every verb of this repository. `make run` and `make test` work on a fresh clone.
#
# Settable:  make run PORT=8080 HALYARD_HOME=/srv/halyard
#   PYTHON        interpreter for .venv, 3.11 or newer
#   PORT          where the service listens
#   HALYARD_HOME  where models, studies and forecasts live
#   TORCH         build of torch; `make setup TORCH=torch==2.13.0` on a Mac or for a GPU
#   DATA, OUT     returns to back-test (default: the embedded ones), folder of the report

PYTHON ?= python3
PORT ?= 3000
HALYARD_HOME ?= $(CURDIR)/.halyard
TORCH ?= torch==2.13.0+cpu
TORCH_INDEX ?= https://download.pytorch.org/whl/cpu
OUT ?= $(HALYARD_HOME)/backtest

BIN := .venv/bin
STAMP := .venv/.installed
export PORT HALYARD_HOME

.DEFAULT_GOAL := help
.PHONY: help setup run test test-all check lint backtest bento bench clean

help:  ## show the verbs
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## */  make \1\t/' | expand -t 18

setup: $(STAMP)  ## make .venv and install everything into it, once

# The default index serves the CPU build of torch in some places; elsewhere its own does.
$(STAMP): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "halyard needs Python 3.11 or newer: make setup PYTHON=python3.11")'
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --upgrade "pip>=25.1"
	$(BIN)/pip install --quiet --constraint constraints.txt "$(TORCH)" 2>/dev/null \
	  || $(BIN)/pip install --constraint constraints.txt --extra-index-url $(TORCH_INDEX) "$(TORCH)"
	@echo "installing the libraries, which takes one to three minutes"
	$(BIN)/pip install --quiet --constraint constraints.txt --group dev --editable .
	touch $@

run: setup  ## train a model if there is none, then serve on 127.0.0.1:$(PORT)
	$(BIN)/halyard serve --port $(PORT)

check: setup  ## style, types and import rules; writes nothing
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

lint: setup  ## repair what ruff can repair
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

test: check  ## what must pass before every change: check, tests, coverage
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest --cov --cov-report=term-missing

test-all: check  ## the same with the slow tests and the notebooks
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest --cov --cov-report=term-missing -m "slow or not slow"
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest --nbmake notebooks

backtest: setup  ## judge every model on rolling origins; DATA=returns.parquet OUT=folder
	$(BIN)/halyard backtest fund-sharpe $(if $(DATA),--data $(DATA)) --out $(OUT)

bento: setup  ## build a Bento of the champion and the code that serves it
	$(BIN)/halyard package

bench: setup  ## measure training throughput against a bare PyTorch loop
	$(BIN)/python -m benchmarks.training_throughput

clean:  ## remove build outputs and caches; keeps .venv and HALYARD_HOME
	rm -rf build dist htmlcov .coverage coverage.xml .mypy_cache .ruff_cache .pytest_cache \
	  .hypothesis .import_linter_cache lightning_logs
	find . -path ./.venv -prune -o -name __pycache__ -type d -exec rm -rf {} +
