# Every target makes what it needs, so each works as the first thing typed in a fresh clone.
PYTHON ?= python3
VENV   ?= .venv
BIN    := $(VENV)/bin
# Compatible: a path in a file, where setuptools' own way costs every start of the program a tenth of its time.
PIP    := $(BIN)/python -m pip install --quiet --disable-pip-version-check --config-settings editable_mode=compat

# Tests with neither processes nor a stand-in AWS.
QUICK := tests/tasks tests/gocd tests/pipelines --ignore tests/gocd/rehearsal -m "not standin and not end_to_end and not exhaustive"

# What runs on Windows: all but the rehearsal.
WINDOWS := tasks gocd/graph gocd/lint gocd/reading gocd/report gocd/samples $(wildcard gocd/*.py)

.PHONY: rehearse templates traps twins fuzz test coverage exhaustive check lint format clean

rehearse: $(VENV)/.rehearsal
	$(BIN)/gocd-tasks rehearse pipelines/staging.gocd.yaml $(ARGS)

# Each trap of AWS, gone through by two naive pipelines and by ours.
traps: $(VENV)/.traps
	$(BIN)/gocd-tasks rehearse --trap $(or $(TRAP),all) $(ARGS)

# The scripts for both kinds of host, walked side by side at random for as long as asked; SEED walks the same way again.
twins: $(VENV)/.test
	$(BIN)/python -m tests.tasks.hosts.walk --seconds $(or $(SECONDS),60) $(if $(SEED),--seed $(SEED))

# Every reader of what comes from outside, given spoilt documents for as long as asked; SEED tries the same ones again.
fuzz: $(VENV)/.test
	$(BIN)/python -m tests.fuzz --seconds $(or $(SECONDS),60) $(if $(SEED),--seed $(SEED)) $(if $(ONLY),--only $(ONLY))

test: $(VENV)/.test
	$(BIN)/python -m pytest -n $(or $(WORKERS),6) --dist worksteal $(ARGS)

# Branches covered: by default of the tests that take a minute in all, with ALL=1 of every test and of the command
# lines that they start, which makes them a third slower.
coverage: $(VENV)/.test
	$(BIN)/coverage erase
	$(BIN)/coverage run -m pytest -n $(or $(WORKERS),3) --dist worksteal $(if $(ALL),,$(QUICK)) $(ARGS)
	$(BIN)/coverage combine --quiet
	$(BIN)/coverage report --include "tasks/*"
	$(BIN)/coverage report --include "gocd/*" $(if $(ALL),,--omit "gocd/rehearsal/*")

exhaustive: $(VENV)/.test
	$(BIN)/python -m pytest -n $(or $(WORKERS),2) --dist worksteal -m exhaustive -rP $(ARGS)

check: lint test

lint: $(VENV)/.test
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/mypy --platform win32 --cache-dir .mypy_cache/win32 $(WINDOWS)

# What pipelines/ is made of lies in gocd/templates.
templates: $(VENV)/.test
	for name in staging production rolling herd-upgrade blue-green; do \
	  $(BIN)/gocd-tasks pipeline new $$name --force --out pipelines/$$name.gocd.yaml || exit; done

format: $(VENV)/.test
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

clean:
	rm -rf $(VENV) build dist *.egg-info rehearsal .hypothesis .mypy_cache .ruff_cache .pytest_cache .coverage*

$(VENV)/bin/python:
	$(PYTHON) -m venv $(VENV)

$(VENV)/.rehearsal: setup.py | $(VENV)/bin/python
	$(PIP) -e '.[rehearsal]'
	touch $@

$(VENV)/.traps: setup.py | $(VENV)/bin/python
	$(PIP) -e '.[traps]'
	touch $@

$(VENV)/.test: setup.py | $(VENV)/bin/python
	$(PIP) -e '.[test]'
	touch $@
