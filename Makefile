# Every target installs what it needs into .venv, once, and works from a folder with spaces in its name.
PYTHON ?= python3.11
BIN := .venv/bin
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check
RUN ?= runs/sample

# On Linux, the torch of the package index is a CUDA build of several gigabytes. Without an NVIDIA driver, we first install the
# CPU build from PyTorch's own index, so that the lock file's torch is already there.
TORCH := $(shell grep '^torch==' requirements.lock)
TORCH_INDEX ?= https://download.pytorch.org/whl/cpu

.PHONY: help book pdf slides train lint test test-fast soak lab outputs pretrained live-models results bench bench-peers bench-precision bench-long clean
help:  ## list these commands
	@grep -E '^[a-z-]+:.*##' Makefile | sed -E 's/:.*## /	/' | expand -t 12

# The stamp is written last, so an interrupted installation is repeated.
.venv/ready: requirements.lock pyproject.toml
	$(PYTHON) -m venv .venv
	[ "$$(uname)" != Linux ] || command -v nvidia-smi >/dev/null || \
	  $(PIP) --retries 0 --no-deps --index-url $(TORCH_INDEX) $(TORCH) || true
	$(PIP) -r requirements.lock
	$(PIP) --no-deps --editable .
	touch .venv/ready

book: .venv/ready  ## build the book as a site from the committed outputs
	PYTHONPATH="$(CURDIR)" $(BIN)/jupyter-book build . -W -n --keep-going --quiet
	@echo "The book is built. Open this file in a browser:" && echo "$(CURDIR)/_build/html/index.html"

# The site links to the PDF if it exists, so its pages are written once more; only changed pages are built.
pdf: book  ## print the whole book into one PDF and offer it on the site (2 minutes; needs Chromium)
	$(BIN)/python book/_tools/pdf.py
	$(MAKE) book

slides: book  ## print the questions and pictures of all chapters as slides (a minute; needs Chromium)
	$(BIN)/python book/_tools/slides.py

train: .venv/ready  ## train on the built-in corpus, evaluate, translate, draw plots (3 minutes)
	$(BIN)/python -m s2s_tutorial.cli train --corpus sample --run "$(RUN)"

lint: .venv/ready  ## check style, spelling and types
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/codespell
	$(BIN)/mypy

test: .venv/ready  ## run every test, and every chapter at a small scale
	$(BIN)/python -m pytest --nbval-lax -n auto --dist loadfile --no-loadscope-reorder

test-fast: .venv/ready  ## run the tests that take seconds and need no browser and no notebook (2 minutes)
	$(BIN)/python -m pytest -n auto -m "not slow and not browser and not notebook"

soak: .venv/ready  ## inject hundreds of faults into training and files, and count them (about 15 minutes)
	S2S_SOAK=1 $(BIN)/python -m pytest tests/faults

lab: .venv/ready  ## open the chapters in JupyterLab
	$(BIN)/python book/_tools/lab.py

# If it is stopped, it resumes with the unfinished chapter, and inside it with the next training step.
outputs: .venv/ready  ## execute all chapters again and save their outputs (two hours on two cores)
	$(BIN)/python book/_tools/outputs.py

# Each direction resumes where it was stopped; a finished one is only measured again.
pretrained: .venv/ready  ## train the models that come with the package and write their files (1 h 15 min for each direction on two quiet cores)
	$(BIN)/python book/_tools/pretrained.py

# Finished models are not trained again.
live-models: .venv/ready  ## train the six small models of the live page and write book/live/ (5 minutes)
	$(BIN)/python book/_tools/live_models.py

# Each run resumes where it was stopped; finished runs are not trained again.
results: .venv/ready  ## train the runs of the README's table and write the table (half an hour)
	$(BIN)/s2s-tutorial train --corpus sample --run runs/sample
	$(BIN)/s2s-tutorial train --corpus tatoeba --run runs/standard
	$(BIN)/s2s-tutorial train --corpus tatoeba --trim-below 1 --run runs/untrimmed
	$(BIN)/s2s-tutorial train --preset original --max-minutes 15 --run runs/original
	$(BIN)/python -m benchmarks.readme

bench: .venv/ready  ## compare the package's speed with other implementations (at most 8 minutes on a quiet machine)
	$(BIN)/python -m benchmarks.run --json benchmarks/results.json
	$(BIN)/python -m benchmarks.headline

bench-peers: .venv/ready  ## compare training with JoeyNMT, installed into an environment of its own (5 minutes)
	$(BIN)/python -m benchmarks.peers --json benchmarks/results-peers.json
	$(BIN)/python -m benchmarks.headline

# Each run resumes where it was stopped; finished runs are not trained again.
bench-precision: .venv/ready  ## compare the quality after training in half and in full precision (45 minutes)
	$(BIN)/python -m benchmarks.precision --json benchmarks/results-precision.json

# It resumes after the last finished row; delete the file to measure everything again.
bench-long: .venv/ready  ## run the long comparisons: training to a score, 16 times the data, 10 million pairs (an hour)
	$(BIN)/python -m benchmarks.run --long --max-minutes 9 --resume --json benchmarks/results-long.json

clean:  ## remove the environment and everything that was built, but not your runs
	rm -rf .venv .peers _build .pytest_cache .hypothesis .ruff_cache .mypy_cache
