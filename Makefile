# Two commands: `make demo` shows what conjoin does, `make test` runs all that CI runs.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
export PIP_DISABLE_PIP_VERSION_CHECK := 1

.PHONY: demo test browser lint types screenshot benchmark-digits benchmark-quality benchmark-counting benchmark-loading benchmark-step-cost clean

demo: $(VENV)/installed
	$(BIN)/conjoin demo --overwrite

# Tests start many processes: bytecode is kept, whatever the shell says.
test: $(VENV)/installed-dev lint types browser
	PYTHONDONTWRITEBYTECODE= OMP_NUM_THREADS=1 $(BIN)/pytest -n 2 --dist loadgroup

# The report is tested in a real browser.
browser:
	@command -v chromium >/dev/null && command -v chromedriver >/dev/null || { \
	  if command -v apt-get >/dev/null && [ "$$(id -u)" = 0 ]; then \
	    apt-get update && DEBIAN_FRONTEND=noninteractive apt-get install -y chromium chromium-driver; \
	  else \
	    echo "The report is tested in Chromium: install chromium and chromedriver, then run this again" \
	      "(Debian: sudo apt-get install chromium chromium-driver)." >&2; exit 1; \
	  fi; }

lint: $(VENV)/installed-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(VENV)/installed-dev
	$(BIN)/mypy

# The picture in README, of the demo's report.
screenshot: $(VENV)/installed-dev browser demo
	$(BIN)/python -m docs.screenshot runs/demo/report.html docs/report.png

# True and wrong relation tables on digits, against the bounds that coupling has to keep: six minutes.
benchmark-digits: $(VENV)/installed
	$(BIN)/python benchmarks/digits_tables.py

# The grid of arms, tables and settings on digits: does training together cost anything? A quarter of an hour, may be killed.
benchmark-quality: $(VENV)/installed-dev
	$(BIN)/python benchmarks/quality.py digits

# Counting a relation over 50 million rows: memory, and time against polars' own aggregation. Two minutes.
benchmark-counting: $(VENV)/installed
	$(BIN)/python benchmarks/counting.py

# Loading from disk against a bare loop that decodes and resizes, and memory at a million rows: two minutes.
# With images of yours: make benchmark-loading IMAGES=folder-of-parquet
benchmark-loading: $(VENV)/installed
	$(BIN)/python benchmarks/loading.py $(if $(IMAGES),--images $(IMAGES))
	$(BIN)/python benchmarks/loading.py --memory 1000000

# Operations of a step with balanced gradients, against the plain sum and the usual way: a minute.
benchmark-step-cost: $(VENV)/installed-dev
	$(BIN)/python benchmarks/step_cost.py

clean:
	rm -rf $(VENV) build dist .pytest_cache .mypy_cache .ruff_cache

$(BIN)/python:
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "conjoin needs Python 3.11 or newer. Found " + sys.version.split()[0] + ". Choose another with: make PYTHON=python3.12 ...")'
	$(PYTHON) -m venv $(VENV)

$(VENV)/installed: $(BIN)/python pyproject.toml constraints.txt
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable .
	touch $@

$(VENV)/installed-dev: $(BIN)/python pyproject.toml constraints.txt
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable '.[dev]'
	touch $@ $(VENV)/installed
