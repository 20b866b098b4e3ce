# Two commands for a fresh clone: `make demo` shows what this is, `make test` proves it.
# Both make the virtual environment .venv and install into it what they need.

PYTHON ?= python3
VENV ?= .venv
RUN := $(VENV)/bin/python
# What else an environment has; `test-sdk2` gives it.
WITH ?=

.PHONY: demo test test-sdk2 lint record clean

demo: $(VENV)/.installed
	@$(RUN) demo.py

test: $(VENV)/.installed-dev
	$(RUN) -m pytest --numprocesses=auto

# The comparison with the official SDK once more, with its version 2, in an environment of its own.
test-sdk2:
	$(MAKE) VENV=.venv-sdk2 WITH='mistralai<3' .venv-sdk2/.installed-dev
	.venv-sdk2/bin/python -m pytest --numprocesses=auto tests/test_differential.py

lint: $(VENV)/.installed-dev
	$(RUN) -m ruff check
	$(RUN) -m ruff format --check
	$(RUN) -m mypy
	$(RUN) -m pyright --pythonpath $(RUN)

# Record the cassettes of our own tests again, from the sandbox.
record: $(VENV)/.installed-dev
	$(RUN) -m pytest tests/test_conversations.py --conversations-mode=rewrite --conversations-sandbox

clean:
	rm -rf $(VENV) .venv-sdk2 build dist .mypy_cache .pytest_cache .ruff_cache .hypothesis

$(VENV)/.pip:
	$(PYTHON) -m venv $(VENV)
	$(RUN) -m pip install --quiet --upgrade pip
	@touch $@

$(VENV)/.installed: pyproject.toml $(VENV)/.pip
	$(RUN) -m pip install --quiet --editable '.[all]'
	@touch $@

$(VENV)/.installed-dev: $(VENV)/.installed
	$(RUN) -m pip install --quiet --group dev $(if $(WITH),'$(WITH)')
	@touch $@
