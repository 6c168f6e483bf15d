# An Tâm. `make run` and `make test` do all their own set-up.
PY := .venv/bin/python
export RASA_TELEMETRY_ENABLED := false
export TF_CPP_MIN_LOG_LEVEL := 3

.DEFAULT_GOAL := help
.PHONY: help setup chaos run train test evaluate bench fmt lint lock check doctor

help: ## this list
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

setup: ## make .venv and install the pinned libraries
	@scripts/setup.sh

run: setup ## set up, train if the data changed, start everything (Ctrl-C stops it)
	@$(PY) -m bot run

train: setup ## train the risk and Rasa models if their data changed
	@$(PY) -m bot train

test: setup train check ## every test
	@$(PY) -m pytest -q

check: setup ## check the knowledge base
	@$(PY) -m bot knowledge check

evaluate: setup train ## what the trained system understands of messages it never saw (results/evaluation.html)
	@$(PY) -m bot evaluate

bench: setup train ## timings, as ratios against a baseline of the same run
	@for file in benchmarks/bench_*.py; do $(PY) $$file || exit 1; done

chaos: setup ## kill workers, gateway and database connections over 2,000 reports, on both databases
	@$(PY) scripts/chaos.py

fmt: setup ## format and mend what can be mended
	@$(PY) -m ruff format bot actions tests benchmarks scripts
	@$(PY) -m ruff check --fix bot actions tests benchmarks scripts

lint: setup ## ruff and mypy --strict
	@$(PY) -m ruff check bot actions tests benchmarks scripts
	@$(PY) -m mypy --strict bot actions

doctor: setup ## what is configured, reachable and missing
	@$(PY) -m bot doctor

lock: setup ## compile requirements.in into requirements.txt with hashes
	@uv pip compile requirements.in --python-version 3.10 --generate-hashes --quiet -o requirements.txt
