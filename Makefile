# `make` trains a model on real brain MRI and shows the picture; `make test` runs everything the project checks.
PYTHON ?= python3.11
PADDLE ?= 3.3.1
VENV ?= .venv
BIN := $(VENV)/bin
INSTALL := $(BIN)/python -m pip install --quiet --disable-pip-version-check

.PHONY: demo test lint docs clean
demo: $(VENV)/demo.stamp
	$(BIN)/python examples/quick_start.py

test: $(VENV)/test.stamp lint
	$(BIN)/python -m pytest -n 2

lint: $(VENV)/test.stamp
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/codespell
	$(BIN)/python docs/generate.py --check
	$(BIN)/python configs/generate.py --check

docs: $(VENV)/test.stamp
	$(BIN)/python docs/generate.py
	$(BIN)/python configs/generate.py

$(BIN)/python:
	$(PYTHON) -m venv $(VENV)

# What an installation is made of: kernels are built anew when their sources change.
INSTALLED := pyproject.toml setup.py $(wildcard paddleseg_losses/kernels/native/*)

$(VENV)/demo.stamp: $(BIN)/python $(INSTALLED)
	$(INSTALL) --editable ".[cpu,paddleseg,demo]" "paddlepaddle==$(PADDLE)"
	touch $@

$(VENV)/test.stamp: $(VENV)/demo.stamp
	$(INSTALL) --editable ".[cpu,paddleseg,demo,dev]" "paddlepaddle==$(PADDLE)"
	touch $@

clean:
	rm -rf $(VENV) build dist data output *.egg-info
