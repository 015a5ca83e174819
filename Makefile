# `make book` and `make test` set everything up by themselves; `make help` lists the rest.

PYTHON ?= python3
# The set in constraints.txt. RESOLUTION=highest or lowest-direct takes what the ranges allow, into another environment.
VERSIONS := $(if $(RESOLUTION),--upgrade --resolution $(RESOLUTION),--constraint constraints.txt)
VENV   := .venv$(addprefix -,$(RESOLUTION))
BIN    := $(VENV)/bin
# Compiled once here, not by every process that a machine forbids to keep what it compiled.
UV     := $(BIN)/python -m uv pip install --quiet --compile-bytecode --python $(BIN)/python $(VERSIONS)
INDEX  := _build/html/index.html
# Two workers with a thread each. A file stays whole: a notebook, a page and a server belong to one worker.
# One that ends for hanging isn't replaced: its successor would begin with the same test, again and again.
WORKERS  := --numprocesses 2 --dist loadscope --no-loadscope-reorder --max-worker-restart 0
# What other versions warn of isn't ours to mend at once.
LENIENT  := $(if $(RESOLUTION),-W default)
CHECKING := DIGITLIB_CHECK=1 TQDM_DISABLE=1 OMP_NUM_THREADS=1
# Notebooks run in a folder of their own, from where a relative path leads elsewhere.
ifdef DIGITLIB_DATA_DIR
override DIGITLIB_DATA_DIR := $(shell $(PYTHON) -c 'import os, sys; print(os.path.abspath(os.path.expanduser(sys.argv[1])))' "$(DIGITLIB_DATA_DIR)")
export DIGITLIB_DATA_DIR
endif

.DEFAULT_GOAL := help
.PHONY: help book site test quick pages colab binder figures notebooks results bench serve lint dist published clean

help:  ## list these commands
	@grep -E '^[a-z]+:.*##' Makefile | sed -E 's/:[^#]*## /\t/' | expand -t 14

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed, this is " + sys.version)'
	$(PYTHON) -m venv $(VENV)

$(BIN)/uv: | $(BIN)/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check uv

# Installed from nothing but these two files, so a change of either installs again.
$(VENV)/.book: pyproject.toml constraints.txt | $(BIN)/uv
	$(UV) --editable ".[book]"
	@touch $@

$(VENV)/.test: $(VENV)/.book
	$(UV) --editable ".[train,app,export,onnx,book,test]"
	@touch $@

book: $(VENV)/.book  ## build the book from the stored outputs
	$(BIN)/jupyter-book build . --path-output . --all --warningiserror --nitpick --keep-going --quiet
	@echo "The book lies at $(CURDIR)/$(INDEX)"

site: $(VENV)/.book  ## make a folder for a web server, or a stick: _site, to be served at ADDRESS=https://… if given
	$(BIN)/python book/_ext/publishing.py $(ADDRESS)

# With MNIST at hand every output must be the stored one. Without it, the small real set is used: outputs may
# differ, but every claim is held against that set's own entries.
test: $(VENV)/.test book  ## run every check; RESOLUTION=highest or lowest-direct with the newest or oldest versions allowed
	@DIGITLIB_DATASET="$$($(BIN)/python -m digitlib.book.ledger)" && \
	case "$$DIGITLIB_DATASET" in mnist) strictness=--nbval ;; *) strictness=--nbval-lax ;; esac && \
	export DIGITLIB_DATASET $(CHECKING) && \
	$(BIN)/python -m pytest $(WORKERS) $(LENIENT) $$strictness --durations=10

quick: $(VENV)/.test  ## run what takes a minute: all but notebooks, browser and servers
	@DIGITLIB_DATASET="$$($(BIN)/python -m digitlib.book.ledger)" && export DIGITLIB_DATASET $(CHECKING) && \
	$(BIN)/python -m pytest $(WORKERS) $(LENIENT) -m "not browser and not server" tests digitlib

pages: $(VENV)/.test book  ## visit every page, the slides too, with axe and an ear to the console; print what keeps readers out
	$(BIN)/python book/_ext/slides.py _build/slides
	$(BIN)/python book/_ext/visiting.py _build/html _build/slides

colab: $(VENV)/.test  ## run the chapters as Colab does, beside old packages: all, or NB=03-train; NEWEST=1: the newest
	$(BIN)/python book/_ext/colab.py $(NB) $(if $(NEWEST),--newest)

binder: | $(BIN)/uv  ## print what Binder's own code reads from this folder
	$(BIN)/python -m uv run --quiet --no-project --with jupyter-repo2docker book/_ext/binder.py

figures: $(VENV)/.test  ## record anew what the figures in the pages show: all, or NAME=exams
	$(BIN)/python book/_ext/recorded.py $(NAME)

notebooks: $(VENV)/.test  ## make the notebooks from their text: all, or one with NB=03-train
	$(BIN)/python book/_ext/notebooks.py make $(NB)

results: $(VENV)/.test  ## measure the ledger's figures anew: all, or NB=03-train; WRITE=1 records, JOIN=1 takes this kind of processor in
	$(BIN)/python book/_ext/notebooks.py results $(NB) $(if $(WRITE),--write) $(if $(JOIN),--join)

# Alone on the machine, or the clocks mean nothing.
bench: $(VENV)/.test  ## measure digitlib beside its peers, some forty minutes: all, or PARTS="steps predict"
	$(BIN)/python benchmarks/bench.py $(PARTS)

serve: book  ## build the book and serve it on http://127.0.0.1:8000
	$(BIN)/python -m http.server --bind 127.0.0.1 --directory _build/html 8000

lint: $(VENV)/.test  ## check the style of the code, and the types of the package
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

dist: | $(BIN)/uv  ## build the package for an index, and check it; a TAG=v0.1.0 must be its version
	@test -z "$(TAG)" || grep -qFx 'version = "$(TAG:v%=%)"' pyproject.toml || \
	{ echo "expected the tag of pyproject.toml's $$(grep '^version' pyproject.toml), got $(TAG)"; exit 1; }
	rm -rf _build/dist
	$(BIN)/python -m uv build --quiet --out-dir _build/dist
	$(BIN)/python -m uv tool run --from "twine>=6.1" twine check --strict _build/dist/*.*

# The branch has a single commit without a parent: pages of yesterday weigh nothing. Nothing is checked out for it.
# CNAME is how GitHub keeps a domain of one's own: on that branch alone.
published: export GIT_INDEX_FILE = $(shell git rev-parse --path-format=absolute --git-path published)
published:  ## make _site/ the only commit of the remote branch "published"
	@test -f _site/index.html || { echo "expected _site/index.html, which make site makes"; exit 1; }
	@! find _site -type f -size +99M | grep . || { echo "expected files below 100 MiB, as GitHub takes no larger ones"; exit 1; }
	touch _site/.nojekyll
	git fetch --quiet origin published && git show FETCH_HEAD:CNAME > _site/CNAME || rm -f _site/CNAME
	rm -f "$$GIT_INDEX_FILE"
	cd _site && git --work-tree=. add --all --force
	git push --force origin "$$(git commit-tree -m "The site" "$$(git write-tree)"):refs/heads/published"

clean:  ## remove what was built; the environment stays
	rm -rf _build _site
