# make demo: audit the embedded pool.  make test: format, lint, types and the suite's own tests.
# make lab-test: audits of real parts in namespaces of this machine; needs root (lab/README.md).
# Needs Python 3.11 or later; uses uv when it is there, else venv and pip.
PYTHON ?= python3
VENV := .venv
RUN := $(VENV)/bin/python
UV := $(shell command -v uv 2>/dev/null)
# Every audit is a process of its own: without kept bytecode each would compile everything anew.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: demo test lab-test format docs lock clean

demo: $(VENV)/.runtime
	$(RUN) -m pytest --pool=sim

test: $(VENV)/.dev
	$(RUN) -m ruff format --check .
	$(RUN) -m ruff check .
	$(RUN) -m mypy
	$(RUN) -m pytest -c selftests/pytest.ini -n 4 selftests

lab-test: $(VENV)/.dev
	$(RUN) -m pytest -c lab/pytest.ini -q lab

format: $(VENV)/.dev
	$(RUN) -m ruff format .
	$(RUN) -m ruff check --fix .

docs: $(VENV)/.dev
	$(RUN) -m reports.catalogue
	$(RUN) -m reports.release_table --write
	$(RUN) -m reports.traceability --write

lock:
	uv pip compile -q --universal --generate-hashes --no-header --python-version 3.11 -o requirements.txt pyproject.toml
	uv pip compile -q --universal --generate-hashes --no-header --python-version 3.11 --group dev -c requirements.txt -o requirements-dev.txt pyproject.toml

clean:
	rm -rf $(VENV)

$(RUN):
	$(PYTHON) -c 'import sys; sys.exit("Poolproof needs Python 3.11 or later") if sys.version_info < (3, 11) else None'
ifdef UV
	uv venv -q --python $(PYTHON) $(VENV)
else
	$(PYTHON) -m venv $(VENV)
endif

$(VENV)/.runtime: requirements.txt | $(RUN)
ifdef UV
	uv pip install -q --python $(RUN) --require-hashes -r requirements.txt
else
	$(RUN) -m pip install -q --disable-pip-version-check --require-hashes -r requirements.txt
endif
	touch $@

$(VENV)/.dev: requirements-dev.txt | $(RUN)
ifdef UV
	uv pip install -q --python $(RUN) --require-hashes -r requirements-dev.txt
else
	$(RUN) -m pip install -q --disable-pip-version-check --require-hashes -r requirements-dev.txt
endif
	touch $@ $(VENV)/.runtime
