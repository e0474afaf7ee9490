# make demo    watch the tool decide about three trained agents
# make test    run the tests
# Each makes the environment first, where it is missing or out of date. It needs
# Python 3.11 or later with pip, and nothing else.

VENV ?= .venv
BIN := $(VENV)/bin
RUN := $(BIN)/python
STAMP := $(VENV)/.installed
PYTHONS := python3 python3.14 python3.13 python3.12 python3.11 python
RECENT := import sys; sys.exit(sys.version_info < (3, 11))

# Extra arguments for pytest, as in: make test ARGS="tests/theory -x"
ARGS ?=

.DEFAULT_GOAL := help
.PHONY: help venv demo test slow lint format ci clean

help:
	@sed -n '1,4s/^# \{0,1\}//p' Makefile

venv: $(STAMP)

demo: $(STAMP)
	@$(BIN)/mesascope demo

test: $(STAMP)
	$(RUN) -m pytest -n auto --maxprocesses 4 --dist worksteal $(ARGS)

slow: $(STAMP)
	$(RUN) -m pytest -m slow -n auto --maxprocesses 4 --dist worksteal $(ARGS)

lint: $(STAMP)
	$(RUN) -m ruff check .
	$(RUN) -m ruff format --check .
	$(RUN) -m pyright --pythonpath $(RUN)

format: $(STAMP)
	$(RUN) -m ruff check --fix .
	$(RUN) -m ruff format .

ci:
	.ci/run

# A usable environment is kept as it is and only brought up to date; an unusable
# one (interrupted, or of an older Python) is made anew.
$(STAMP): pyproject.toml constraints.txt
	@if ! { $(RUN) -c '$(RECENT)' && $(RUN) -m pip --version; } >/dev/null 2>&1; then \
	  for python in $(PYTHON) $(PYTHONS); do \
	    if "$$python" -c '$(RECENT)' >/dev/null 2>&1; then found=$$python; break; fi; \
	  done; \
	  if [ -z "$${found:-}" ]; then \
	    echo "error: Mesascope needs Python 3.11 or later; tried: $(PYTHON) $(PYTHONS)." >&2; \
	    echo "       Name one with: make PYTHON=/path/to/python3" >&2; \
	    exit 1; \
	  fi; \
	  echo "making $(VENV) with $$("$$found" --version)"; \
	  "$$found" -m venv --clear $(VENV) || { \
	    echo "error: '$$found -m venv' failed; on Debian and Ubuntu: apt install python3-venv" >&2; \
	    exit 1; \
	  }; \
	fi
	@echo "installing the pinned set into $(VENV) (minutes, the first time)"
	@$(RUN) -m pip install --disable-pip-version-check -c constraints.txt -e '.[dev]'
	@touch $@

clean:
	rm -rf $(VENV) .pytest_cache .hypothesis .ruff_cache
