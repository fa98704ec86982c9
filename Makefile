# Two commands: `make report` regenerates the weekly report, `make test` checks everything.
# Each sets up what it needs in .venv first; nothing has to be done by hand.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
READY  := $(VENV)/.ready
# The first and the last version of Python that are supported.
PYTHONS := $(shell sed -n 's/^m[axin]*_python *= *//p' settings.ini)
# TensorFlow's start-up notes say nothing about a report.
export TF_CPP_MIN_LOG_LEVEL ?= 3
export TF_ENABLE_ONEDNN_OPTS ?= 1

.DEFAULT_GOAL := help
.PHONY: help report test lab drift bench readme api types lock wheel clean

help:  ## show this list
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## */  make \1\t/' | expand -t 20

report: $(READY)  ## regenerate the six weekly reports on the embedded corpora -> reports/index.html
	$(BIN)/synesthetic report all

test: $(READY)  ## run every notebook, every test and the drift check
	$(BIN)/python -m pytest --numprocesses auto --maxprocesses 4 --dist loadscope --no-loadscope-reorder

lab: $(READY)  ## open JupyterLab on the start notebook
	$(BIN)/jupyter lab --ServerApp.root_dir=. nbs/tutorials/00_start.ipynb

bench: $(READY)  ## measure everything against something else -> reports/bench.md; one thing: make bench only=features
	$(BIN)/python tests/bench $(only)

drift: $(READY)  ## export the notebooks and fail if the committed library differs
	$(BIN)/nbdev_export
	$(BIN)/nbdev_clean
	@test -z "$$(git status --porcelain)" || { git status --porcelain; echo "The lines above differ from what is committed."; exit 1; }

readme: $(READY)  ## write README.md from nbs/index.ipynb
	$(BIN)/jupyter nbconvert --log-level=ERROR --to markdown nbs/index.ipynb --stdout | sed 's|](\.\./|](|g' > README.md  # one folder up from nbs/

wheel: $(READY)  ## build dist/*.whl, which works without the checkout
	$(BIN)/python -m build

api: $(READY)  ## write API.md, the page of all public names, from the code
	$(BIN)/python -c "from synesthetic.reporting.api import write_api; print(write_api())"

types: $(READY)  ## check the type hints of the library
	$(BIN)/python -m mypy

lock:  ## write requirements.lock anew from the ranges in settings.ini (needs `pip install uv`)
	@touch setup.py  # or uv would answer from its memory of settings.ini
	uv pip compile --quiet --universal --python-version $(firstword $(PYTHONS)) setup.py --extra dev --no-header --no-annotate --upgrade -o requirements.lock

clean:  ## remove the environment; runs, reports and caches stay
	rm -rf $(VENV) build dist *.egg-info

$(READY): requirements.lock settings.ini setup.py
	@$(PYTHON) -c 'import sys; low, high = [[int(n) for n in v.split(".")] for v in sys.argv[1:]]; sys.exit(not low <= list(sys.version_info[:2]) <= high)' $(PYTHONS) || \
	  { echo "synesthetic needs Python $(firstword $(PYTHONS)) to $(lastword $(PYTHONS)); '$(PYTHON)' is $$($(PYTHON) --version 2>&1). Try: make PYTHON=python$(lastword $(PYTHONS)) $(MAKECMDGOALS)"; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade pip
	$(BIN)/python -m pip install --progress-bar on --quiet -r requirements.lock
	$(BIN)/python -m pip install --quiet --no-build-isolation --no-deps --editable .
	@touch $@
