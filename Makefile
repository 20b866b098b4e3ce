# Two commands for a fresh clone: `make demo` shows what this is, `make test` proves it.
# Both make the virtual environment .venv and install into it what they need.

PYTHON ?= python3
VENV ?= .venv
RUN := $(VENV)/bin/python
# Of `pyproject.toml`, and what an environment has beside the group.
GROUP ?= dev
WITH ?=
ARGS ?=
# The tests start hundreds of processes, each of which would compile all that it imports.
unexport PYTHONDONTWRITEBYTECODE
# uv installs in seconds what takes pip half a minute.
INSTALL := -m uv pip install --quiet --python $(RUN)

.PHONY: demo test test-sdk1 test-sdk2 older-sdks older-sdk1 older-sdk2 bench coverage docs pictures node nightly lint record clean

demo: $(VENV)/.installed
	@$(RUN) demo.py

test: $(VENV)/.installed-dev
	$(RUN) -m pytest --numprocesses=auto

# With older versions of the official SDK, each in an environment of its own: version 1 is captured,
# with version 2 our client is compared as well.
test-sdk1: older-sdk1
	.venv-sdk1/bin/python -m pytest --numprocesses=2 -k sdk tests/test_apps.py tests/test_waits.py

test-sdk2: older-sdk2
	.venv-sdk2/bin/python -m pytest --numprocesses=2 -k 'sdk or test_differential' \
	  tests/test_apps.py tests/test_waits.py tests/test_differential.py

older-sdks: older-sdk1 older-sdk2

older-sdk1:
	$(MAKE) VENV=.venv-sdk1 GROUP=test WITH='mistralai[agents]<2' .venv-sdk1/.installed-dev

older-sdk2:
	$(MAKE) VENV=.venv-sdk2 GROUP=test WITH='mistralai[agents]<3' .venv-sdk2/.installed-dev

# How long things take, beside the peers: writes benchmarks/RESULTS.md and its pictures. With QUICK=1
# it takes a minute or two, and writes into .bench/ instead.
bench:
	$(MAKE) VENV=.venv-bench GROUP=bench .venv-bench/.installed-dev
	.venv-bench/bin/python -m benchmarks $(if $(QUICK),--quick)

# The pages as a site, in build/docs/index.html; a warning is an error.
docs:
	$(MAKE) VENV=.venv-docs GROUP=docs .venv-docs/.installed-dev
	.venv-docs/bin/python -m sphinx --fail-on-warning --quiet docs build/docs --doctree-dir build/doctrees
	@echo "build/docs/index.html"

# What the tutorial prints, and the pictures of the README, which want a `chromium` on the path.
pictures: $(VENV)/.installed-dev
	$(RUN) docs/tour.py --renew
	$(RUN) docs/pictures.py

# The official TypeScript SDK, for the tests that talk to our server with it; they are skipped without.
node:
	npm ci --prefix tests/sdks --no-audit --no-fund

# What takes long: many more examples of secrets that are hidden somewhere.
nightly: $(VENV)/.installed-dev
	$(RUN) -m pytest --hypothesis-profile=nightly tests/test_secrets.py

# Which branches no test takes, in this process and in those that tests start: something to look at,
# not a figure to reach.
coverage: $(VENV)/.installed-dev
	rm -rf build/coverage
	$(RUN) -m coverage run -m pytest --numprocesses=auto -p no:cacheprovider
	$(RUN) -m coverage combine --quiet
	$(RUN) -m coverage report

lint: $(VENV)/.installed-dev
	$(RUN) -m ruff check
	$(RUN) -m ruff format --check
	$(RUN) -m mypy
	$(RUN) docs/blocks.py build/blocks
	$(RUN) -m mypy build/blocks
	$(RUN) -m pyright --pythonpath $(RUN)
	$(VENV)/bin/zizmor --offline --quiet .github

# Record the cassettes of our own tests and of the examples again, from the sandbox. Where the answers
# are to change, with ARGS=--snapshot-update: a test that fails on its old snapshot writes no recording.
# The examples want a key, any at all.
RECORD = --conversations-mode=rewrite --conversations-sandbox $(ARGS)
record: export MISTRAL_API_KEY = sandbox-needs-no-real-key
record: $(VENV)/.installed-dev
	$(RUN) -m pytest tests/test_conversations.py $(RECORD)
	for each in examples/*/pyproject.toml; do \
	  $(RUN) -m pytest $${each%/*} -p no:randomly $(RECORD) || exit 1; \
	done

clean:
	rm -rf $(VENV) .venv-sdk1 .venv-sdk2 .venv-bench .venv-docs .bench build dist .mypy_cache .pytest_cache .ruff_cache .hypothesis tests/sdks/node_modules

$(VENV)/.uv:
	$(PYTHON) -m venv $(VENV)
	$(RUN) -m pip install --quiet uv
	@touch $@

$(VENV)/.installed: pyproject.toml $(VENV)/.uv
	$(RUN) $(INSTALL) --editable '.[all]'
	@touch $@

$(VENV)/.installed-dev: $(VENV)/.installed
	$(RUN) $(INSTALL) --group $(GROUP) $(if $(WITH),'$(WITH)')
	@touch $@
