# Every target installs what it needs into .venv, once, and works from a folder with spaces in its name.
PYTHON ?= python3.11
BIN := .venv/bin
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check
RUN ?= runs/sample

# On Linux the package index's torch is a CUDA build of several gigabytes. Where there is no NVIDIA driver to use it,
# the CPU build is taken from PyTorch's own index first; the lock file then finds torch installed.
TORCH := $(shell grep '^torch==' requirements.lock)
TORCH_INDEX ?= https://download.pytorch.org/whl/cpu

.PHONY: help book pdf train lint test test-fast soak lab outputs pretrained live-models results bench bench-long clean
help:  ## list the targets
	@grep -E '^[a-z-]+:.*##' Makefile | sed -E 's/:.*## /	/' | expand -t 12

# The stamp is written last, so an install that was cut short is done again.
.venv/ready: requirements.lock pyproject.toml
	$(PYTHON) -m venv .venv
	[ "$$(uname)" != Linux ] || command -v nvidia-smi >/dev/null || \
	  $(PIP) --retries 0 --no-deps --index-url $(TORCH_INDEX) $(TORCH) || true
	$(PIP) -r requirements.lock
	$(PIP) --no-deps --editable .
	touch .venv/ready

book: .venv/ready  ## build the site from the committed outputs
	PYTHONPATH="$(CURDIR)" $(BIN)/jupyter-book build . -W -n --keep-going --quiet
	@echo "The book is built. Open this file in a browser:" && echo "$(CURDIR)/_build/html/index.html"

# The site offers the PDF where there is one, so its pages are written once more; only what changed is built.
pdf: book  ## print the whole book into one PDF and offer it on the site (2 minutes; needs Chromium)
	$(BIN)/python book/_tools/pdf.py
	$(MAKE) book

train: .venv/ready  ## train on the built-in corpus, measure, translate, draw (3 minutes)
	$(BIN)/python -m s2s_tutorial.cli train --corpus sample --run "$(RUN)"

lint: .venv/ready  ## check style, spelling and types
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/codespell
	$(BIN)/mypy

test: .venv/ready  ## run every test and every chapter, small
	$(BIN)/python -m pytest --nbval-lax -n auto --dist loadfile

test-fast: .venv/ready  ## run the tests that take seconds and need no browser and no notebook (2 minutes)
	$(BIN)/python -m pytest -n auto -m "not slow and not browser and not notebook"

soak: .venv/ready  ## kill, starve and deceive it hundreds of times (about 15 minutes), and count what it survived
	S2S_SOAK=1 $(BIN)/python -m pytest tests/faults

lab: .venv/ready  ## open the chapters in JupyterLab
	$(BIN)/python book/_tools/lab.py

# Stopped, it goes on with the next chapter, and inside a chapter with the next training step.
outputs: .venv/ready  ## execute all chapters again, as the book shows them (an hour on two cores)
	$(BIN)/python book/_tools/outputs.py

pretrained: .venv/ready  ## train the model that comes with the package (45 minutes) and write its files
	$(BIN)/s2s-tutorial train --corpus tatoeba --preset large --run runs/large
	$(BIN)/python book/_tools/pretrained.py runs/large

# A model that is finished is not trained again.
live-models: .venv/ready  ## train the six small models of the live page (5 minutes) and write book/live/
	$(BIN)/python book/_tools/live_models.py

# Each run goes on where it was stopped, and is not trained twice.
results: .venv/ready  ## train everything in the README's table (half an hour) and write the table
	$(BIN)/s2s-tutorial train --corpus sample --run runs/sample
	$(BIN)/s2s-tutorial train --corpus tatoeba --run runs/standard
	$(BIN)/s2s-tutorial train --corpus tatoeba --trim-below 1 --run runs/untrimmed
	$(BIN)/s2s-tutorial train --preset original --max-minutes 15 --run runs/original
	$(BIN)/python -m benchmarks.readme

bench: .venv/ready  ## measure the package against other ways, at most 10 minutes on a quiet machine
	$(BIN)/python -m benchmarks.run --json benchmarks/results.json

# It goes on where it was stopped, row by row: delete the file to measure everything again.
bench-long: .venv/ready  ## the rows that train to a score, use 16 times the data, or 10 million pairs (an hour)
	$(BIN)/python -m benchmarks.run --long --max-minutes 9 --resume --json benchmarks/results-long.json

clean:  ## remove the environment and everything built, but not your runs
	rm -rf .venv _build .pytest_cache .hypothesis .ruff_cache .mypy_cache
